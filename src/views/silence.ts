import type { HostRow } from '../store/queries.ts';

/** When a host is looked at the next time is not known to the second: as late as `/livez` allows the supervisor to be. */
const GRACE_MS = 90_000;

/** How long one look, or all that comes after a connection was made, may take before it is given up. */
const PATIENCE_MS = 60_000;

/** How often a host leaves a sign. */
export interface Rhythm {
  readonly observeEveryMs: number;
  /** How long one try to connect to it may take. */
  readonly connectTimeoutMs: number;
}

/** By their names; of the hosts of the configuration. */
export function rhythmsOf(
  hosts: readonly {
    readonly name: string;
    readonly observeEveryMs: number;
    readonly transport: { readonly type: 'local' } | { readonly type: 'ssh'; readonly connectTimeoutMs: number };
  }[],
): ReadonlyMap<string, Rhythm> {
  return new Map(
    hosts.map(({ name, observeEveryMs, transport }) => [
      name,
      { observeEveryMs, connectTimeoutMs: transport.type === 'ssh' ? transport.connectTimeoutMs : 0 },
    ]),
  );
}

/**
 * For how long a daemon that holds its lock has done nothing that it always does, and leaves in the database: to look at
 * its hosts. Null while one of them was heard of in time, or when there is none to tell. It needs no write of its own.
 */
export function silentMs(
  hosts: readonly Pick<HostRow, 'name' | 'state' | 'since' | 'lastSeenAt' | 'retryAt'>[],
  rhythms: ReadonlyMap<string, Rhythm>,
  lastSignMs: number | null,
  nowMs: number,
): number | null {
  const known = hosts.filter((host) => rhythms.has(host.name));
  if (known.length === 0 || lastSignMs === null) return null;
  const dueMs = Math.max(lastSignMs, ...known.map((host) => nextSignMs(host, rhythms.get(host.name)!)));
  if (nowMs <= dueMs + GRACE_MS) return null;
  // an unreachable host leaves no other sign of each try than when the next one was due
  const tries = known.map((host) => (host.state === 'online' ? null : host.retryAt));
  return nowMs - Math.max(lastSignMs, ...tries.map((at) => at ?? lastSignMs));
}

/** By when the next sign of this host is in the database, whether it answers or not. */
function nextSignMs(
  { state, since, lastSeenAt, retryAt }: Pick<HostRow, 'state' | 'since' | 'lastSeenAt' | 'retryAt'>,
  { observeEveryMs, connectTimeoutMs }: Rhythm,
): number {
  switch (state) {
    case 'online':
      return (lastSeenAt ?? since) + observeEveryMs + PATIENCE_MS;
    case 'offline':
      return (retryAt ?? since) + connectTimeoutMs + PATIENCE_MS;
    case 'connecting':
      // `since` tells when it was lost; each try since then began at its `retryAt`
      return Math.max(since, retryAt ?? since) + connectTimeoutMs + PATIENCE_MS;
  }
}

/** What a person has to know of it, and does. */
export const SILENCE = {
  what: 'the daemon is alive, but stands still, or cannot write',
  next: 'mqi doctor (disks), then sudo systemctl restart mqi: no job is harmed',
} as const;
