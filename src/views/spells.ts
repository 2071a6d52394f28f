import { formatDuration } from '../domain/duration.ts';
import type { SpellRow } from '../store/queries.ts';
import { timeOrNull, timeText } from './shapes/time.ts';

/** One time that a host was unreachable, however often it came and went meanwhile. */
export interface SpellShape {
  readonly host: string;
  readonly cause: SpellRow['cause'];
  readonly reason: string;
  readonly since: string;
  /** Null while it lasts. */
  readonly endedAt: string | null;
  /** How often the host was lost. */
  readonly times: number;
}

export function spellShape({ host, cause, reason, since, endedAt, times }: SpellRow): SpellShape {
  return { host, cause, reason, since: timeText(since), endedAt: timeOrNull(endedAt), times };
}

/** `gpu1 unreachable for 5m 03s (3 times): no route to host`. */
export function spellText({ host, reason, since, endedAt, times }: SpellRow): string {
  const lasted = endedAt === null ? ' until now' : ` for ${formatDuration(Math.max(0, endedAt - since))}`;
  return `${host} unreachable${lasted}${times > 1 ? ` (${times} times)` : ''}: ${reason}`;
}
