import type { HostShape } from '../host/sim-host.ts';

export const PUEUE: readonly HostShape[] = [{ name: 'gpu1', kind: 'pueue', slots: ['a'] }];
export const DIRECT: readonly HostShape[] = [{ name: 'gpu1', kind: 'direct', slots: ['a'] }];
export const TWO_SLOTS: readonly HostShape[] = [{ name: 'gpu1', kind: 'pueue', slots: ['a', 'b'] }];
export const TWO_HOSTS: readonly HostShape[] = [
  { name: 'gpu1', kind: 'pueue', slots: ['a'] },
  { name: 'gpu2', kind: 'pueue', slots: ['a'] },
];
