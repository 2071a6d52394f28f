import type { HostRow, ListedCase } from '../store/queries.ts';

/** The daemon commits what it saw of a job once a minute, and at each change. */
const UNCOMMITTED_MS = 60_000;

/**
 * How long a job was seen executing up to the last look, milliseconds, for people: what is committed, and what its host
 * was seen for since then without a break. Limits strike by what is committed.
 */
export function seenMs(row: ListedCase, host: HostRow | undefined): number {
  if (row.phase !== 'executing' || row.blindCause !== null) return row.observedMs;
  if (host === undefined || host.state !== 'online' || host.lastSeenAt === null) return row.observedMs;
  const sinceMs = host.lastSeenAt - Math.max(row.updatedAt, row.phaseSince, host.since);
  return row.observedMs + Math.max(0, Math.min(UNCOMMITTED_MS, sinceMs));
}
