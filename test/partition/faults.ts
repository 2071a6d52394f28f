import { setTimeout as wait } from 'node:timers/promises';

import type { Hpc } from '../hpc/lab.ts';

/** What happens to the host, or to the line between us and it. */
export interface Fault {
  readonly name: string;
  readonly begin: (hpc: Hpc) => Promise<void> | void;
  readonly end: (hpc: Hpc) => Promise<void> | void;
  /**
   * `lost`: the daemon cannot but lose sight of the host; `slow`: it may; what a host does meanwhile it does in both.
   * `frozen`: unreachable, and it goes on where it stood. `crashed`: unreachable, and nothing that ran is left.
   */
  readonly kind: 'lost' | 'slow' | 'frozen' | 'crashed';
  /** Among those that CI tries; the others with `MQI_LONG=1`. */
  readonly inCi: boolean;
}

const ON_THE_LINE = { kind: 'lost', end: (hpc: Hpc) => hpc.network.heal() } as const;

/** How long a bad line stays bad, milliseconds: a good many looks, and more than the patience of keepalive. */
export const SLOW_MS = 8_000;

export const FAULTS: readonly Fault[] = [
  { ...ON_THE_LINE, name: 'a cable that is cut', begin: (hpc) => hpc.network.cut(), inCi: false },
  { ...ON_THE_LINE, name: 'a black hole', begin: (hpc) => hpc.network.drop('all'), inCi: false },
  { ...ON_THE_LINE, name: 'replies that are lost', begin: (hpc) => hpc.network.drop('answers'), inCi: true },
  { ...ON_THE_LINE, name: 'a reset', begin: (hpc) => hpc.network.reset(), inCi: false },
  { ...ON_THE_LINE, name: '20 % loss', kind: 'slow', begin: (hpc) => hpc.network.lose(20), inCi: true },
  { ...ON_THE_LINE, name: '256 kbit/s', kind: 'slow', begin: (hpc) => hpc.network.limit(256), inCi: false },
  {
    name: 'a host that is frozen',
    kind: 'frozen',
    begin: (hpc) => hpc.machine.freeze(),
    end: (hpc) => hpc.machine.thaw(),
    inCi: false,
  },
  {
    name: 'a host that crashes and is rebooted',
    kind: 'crashed',
    begin: (hpc) => hpc.machine.crash(),
    end: (hpc) => hpc.reboot(),
    inCi: true,
  },
];

/** Until what the fault is for has happened. */
export async function last(hpc: Hpc, { kind }: Fault, hasDoneItsWork: () => boolean): Promise<void> {
  if (kind === 'slow') await wait(SLOW_MS);
  else await hpc.until('the host is unreachable', () => hpc.host()?.state !== 'online');
  if (kind === 'lost' || kind === 'slow') await hpc.eventually('the host has done its work unseen', hasDoneItsWork);
}
