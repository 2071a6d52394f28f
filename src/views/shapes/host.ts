import type { Phase } from '../../domain/case.ts';
import type { HostRow, Orphan, SlotWithCase } from '../../store/queries.ts';
import { attemptShape } from './case.ts';
import type { AttemptShape } from './case.ts';
import { timeOrNull, timeText } from './time.ts';

export interface SlotShape {
  readonly host: string;
  readonly name: string;
  readonly state: SlotWithCase['state'];
  /** Who holds it; null unless it is leased. */
  readonly case: { readonly id: string; readonly name: string | null; readonly phase: Phase | null } | null;
  readonly token: string | null;
  /** Why it is quarantined. */
  readonly reason: string | null;
  readonly since: string;
  /** What somebody else computes on its GPU, as last seen: then a free slot is not leased. Null for nothing. */
  readonly busy: string | null;
  /** False: it left the configuration and goes once it is free. */
  readonly configured: boolean;
}

export function slotShape(row: SlotWithCase): SlotShape {
  return {
    host: row.host,
    name: row.name,
    state: row.state,
    case: row.caseId === null ? null : { id: row.caseId, name: row.caseName, phase: row.phase },
    token: row.token,
    reason: row.reason,
    since: timeText(row.since),
    busy: row.busy,
    configured: row.configured,
  };
}

export interface HostShape {
  readonly name: string;
  readonly state: HostRow['state'];
  readonly since: string;
  readonly lastSeenAt: string | null;
  /** What cannot be seen, while it is not online: link, queue, garbled. */
  readonly cause: HostRow['cause'];
  readonly reason: string | null;
  readonly retryAt: string | null;
  /** Null: not reconciled yet, so nothing is leased there. */
  readonly reconciledAt: string | null;
  /** What the queue says of itself: a paused group. */
  readonly notices: readonly string[];
}

export function hostShape(row: HostRow): HostShape {
  return {
    name: row.name,
    state: row.state,
    since: timeText(row.since),
    lastSeenAt: timeOrNull(row.lastSeenAt),
    cause: row.cause,
    reason: row.reason,
    retryAt: timeOrNull(row.retryAt),
    reconciledAt: timeOrNull(row.reconciledAt),
    notices: row.notices,
  };
}

export interface OrphanShape extends AttemptShape {
  readonly case: { readonly id: string; readonly name: string | null } | null;
}

export function orphanShape(row: Orphan): OrphanShape {
  return { ...attemptShape(row), case: row.caseId === null ? null : { id: row.caseId, name: row.caseName } };
}
