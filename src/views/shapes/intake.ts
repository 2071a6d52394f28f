import type { CandidateRow, OrderRow } from '../../store/queries.ts';
import { timeOrNull, timeText } from './time.ts';

export interface CandidateShape {
  readonly path: string;
  readonly name: string;
  readonly state: CandidateRow['state'];
  readonly reason: string | null;
  /** The case that it became. */
  readonly case: string | null;
  readonly firstSeenAt: string;
  readonly updatedAt: string;
}

export function candidateShape(row: CandidateRow): CandidateShape {
  return {
    path: row.path,
    name: row.name,
    state: row.state,
    reason: row.reason,
    case: row.caseId,
    firstSeenAt: timeText(row.firstSeenAt),
    updatedAt: timeText(row.updatedAt),
  };
}

export interface OrderShape {
  readonly id: number;
  readonly kind: string;
  readonly case: string | null;
  /** What else it asks for: a limit, a slot, a path. */
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly by: string;
  readonly why: string;
  readonly createdAt: string;
  /** When its work began, for an order that is work; begun again after a restart. */
  readonly startedAt: string | null;
  /** How far that work is, in bytes; `total` is null where nobody knows it. */
  readonly progress: { readonly doing: string; readonly moved: number; readonly total: number | null } | null;
  /** Null while no daemon has handled it. */
  readonly handledAt: string | null;
  readonly outcome: OrderRow['outcome'];
  readonly message: string | null;
}

export function orderShape(row: OrderRow): OrderShape {
  return {
    id: row.id,
    kind: row.kind,
    case: row.caseId,
    arguments: row.arguments,
    by: row.by,
    why: row.why,
    createdAt: timeText(row.createdAt),
    startedAt: timeOrNull(row.startedAt),
    progress: row.progress,
    handledAt: timeOrNull(row.handledAt),
    outcome: row.outcome,
    message: row.message,
  };
}
