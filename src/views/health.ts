import type { HostRow } from '../store/queries.ts';

/** A round of orders may wait a minute for a host (order-kill); a supervisor that is later than this is stuck. */
const TICK_LATE_MS = 90_000;

export interface HealthLine {
  readonly isOk: boolean;
  readonly what: string;
  readonly found: string;
}

/** Whether the daemon itself is at work, whatever the hosts do. */
export function livenessOf(tickAgeMs: number | null): HealthLine {
  const what = 'supervisor';
  if (tickAgeMs === null) return { isOk: false, what, found: 'has not come by yet' };
  const seconds = (tickAgeMs / 1_000).toFixed(1);
  return { isOk: tickAgeMs < TICK_LATE_MS, what, found: `came by ${seconds} s ago` };
}

/** Work goes on as long as one host can be seen; each has a line, by the cause alone. */
export function hostLines(hosts: readonly Pick<HostRow, 'name' | 'state' | 'cause'>[]): readonly HealthLine[] {
  const isAnyOnline = hosts.some((host) => host.state === 'online');
  return hosts.map(({ name, state, cause }) => ({
    isOk: isAnyOnline,
    what: `host ${name}`,
    found: cause === null ? state : `${state} (${cause})`,
  }));
}

/** `ok   database: …`, a line a check. */
export function healthText(lines: readonly HealthLine[]): string {
  return lines.map(({ isOk, what, found }) => `${isOk ? 'ok  ' : 'FAIL'} ${what}: ${found}\n`).join('');
}
