import { isFinal } from '../../domain/case.ts';
import type { Phase } from '../../domain/case.ts';
import type { AttemptRow, ListedCase } from '../../store/queries.ts';

/** The orders that a page gives for a case. */
export const CASE_ORDERS = ['retry', 'cancel', 'pause', 'resume', 'priority', 'limit', 'adopt', 'abandon'] as const;
export type CaseOrder = (typeof CASE_ORDERS)[number];

export interface Offer {
  readonly kind: CaseOrder;
  /** False: the daemon would refuse it, and `says` why. */
  readonly possible: boolean;
  /** What it would do, or why it cannot be. */
  readonly says: string;
}

/** Phases in which a job may be asked to end: before, nothing of it runs; after, it is over or being stopped. */
const CANCELLABLE: ReadonlySet<Phase> = new Set<Phase>([
  'waiting',
  'staging',
  'staged',
  'creating',
  'confirming',
  'releasing',
  'queued',
  'executing',
]);

/**
 * What can be ordered of a case as it is now. The daemon checks again when it comes to an order: this only spares a person
 * the ones that cannot be. `held`: earlier attempts of it that may still run, and orphans.
 */
export function offersFor(row: ListedCase, held: readonly AttemptRow[]): readonly Offer[] {
  return CASE_ORDERS.map((kind) => {
    const objection = objectionTo(kind, row, held);
    return { kind, possible: objection === null, says: objection ?? EFFECT[kind] };
  });
}

const EFFECT: Readonly<Record<CaseOrder, string>> = {
  retry: 'runs it again as a new attempt, with its folder as it is now',
  cancel: 'ends it: its job, if there is one, is stopped and proven gone',
  pause: 'lets it get no slot until it is resumed',
  resume: 'lets it wait for its turn again',
  priority: 'moves it forward or back; 1 is worth an hour of waiting',
  limit: 'sets how long its job may be seen executing',
  adopt: 'gives a job that was found on a host back to it',
  abandon: 'gives it up without proof that its job is gone; a slot that it holds is quarantined. The last resort',
};

/** Null: it can be ordered. */
export function objectionTo(kind: CaseOrder, row: ListedCase, held: readonly AttemptRow[]): string | null {
  const { phase, state } = row;
  const over = isFinal(state) ? `it is ${state} already` : null;
  const unreadable = row.setAside === null ? null : 'its saved state cannot be read';
  const orphans = held.filter((attempt) => attempt.orphan !== null);
  switch (kind) {
    case 'retry':
      return retryObjection(row, orphans);
    case 'cancel':
      return over ?? unreadable ?? (CANCELLABLE.has(phase) ? null : `it is ${phase}: its job is over or being stopped`);
    case 'pause':
      if (over !== null) return over;
      return (
        unreadable ??
        (state !== 'submitted'
          ? 'only a case without a slot can be paused'
          : row.paused
            ? 'it is paused already'
            : null)
      );
    case 'resume':
      return over ?? unreadable ?? (row.paused && state === 'submitted' ? null : 'it is not paused');
    case 'priority':
      return over ?? (state === 'submitted' ? null : 'only a case that waits has a priority');
    case 'limit':
      return over ?? unreadable ?? (CANCELLABLE.has(phase) ? null : `it is ${phase}: its time does not count any more`);
    case 'adopt':
      if (orphans.length === 0) return 'no job of it was found that is not its own';
      return isFinal(state) || state === 'submitted' ? null : `it is ${phase}: its own job comes first`;
    case 'abandon':
      return over;
  }
}

function retryObjection(row: ListedCase, orphans: readonly AttemptRow[]): string | null {
  if (row.setAside !== null && row.state !== 'submitted') {
    return 'its saved state cannot be read, and a job of it may run: abandon it first';
  }
  const isHeld = row.phase === 'waiting' && orphans.length > 0;
  if (!isFinal(row.state) && !isHeld && row.setAside === null) {
    return `it is ${row.phase}: only a case that is over can be retried`;
  }
  const alive = orphans.find((attempt) => attempt.proof === null);
  return alive === undefined ? null : `a job of attempt ${alive.number} may still run on ${alive.host}: adopt it first`;
}
