import { initialTransition, transition } from 'xstate';

import { caseMachine } from '../../../machines/index.ts';
import type { CaseContext, CaseEvent, CaseInput } from '../../../machines/index.ts';
import type { Phase } from '../../domain/case.ts';
import { stateOf } from '../../domain/case.ts';
import { readCase, updateCase } from '../../store/cases.ts';
import type { CaseRow } from '../../store/cases.ts';
import type { Tx } from '../../store/database.ts';
import { appendJournal } from '../../store/journal.ts';
import { endTrouble, noteTrouble } from '../../store/troubles.ts';
import { commitAttempt } from './attempt.ts';
import { commitLease } from './lease.ts';
import { saidBy } from './said.ts';
import { effectsOf, persistSnapshot, phaseOf, restoreSnapshot } from './snapshot.ts';
import type { CaseSnapshot } from './snapshot.ts';

/** What begins an attempt, beside the machine's own events; `forgotten`: the database had forgotten what it did. */
export type OutsideEvent = 'case.admitted' | 'operator.retried' | 'attempt.forgotten';

/** What one committed event did to one case. */
export interface CaseChange {
  readonly event: CaseEvent | { readonly type: OutsideEvent };
  readonly from: Phase | null;
  readonly to: Phase;
  /** The case as it is now. */
  readonly row: CaseRow;
  /** Its journal row; null for what is not worth one (a look that only moved the clock). */
  readonly journalId: number | null;
  readonly at: number;
}

type Columns = Pick<
  CaseRow,
  | 'state'
  | 'phase'
  | 'snapshot'
  | 'attempt'
  | 'host'
  | 'token'
  | 'slot'
  | 'jobId'
  | 'jobCreatedAt'
  | 'limitMs'
  | 'observedMs'
  | 'paused'
  | 'blindCause'
  | 'blindSince'
  | 'blindSpell'
  | 'blocked'
  | 'failureKind'
  | 'failure'
>;

/** The columns that queries read, drawn from the snapshot: they cannot disagree with it. */
export function columnsOf(snapshot: CaseSnapshot): Columns {
  const context: CaseContext = snapshot.context;
  const phase = phaseOf(snapshot);
  return {
    state: stateOf(phase),
    phase,
    snapshot: persistSnapshot(snapshot),
    attempt: context.attempt,
    host: context.host,
    token: context.token,
    slot: context.slot,
    jobId: context.job?.id ?? null,
    jobCreatedAt: context.job?.createdAt ?? null,
    limitMs: context.limitMs,
    observedMs: Math.round(context.observedMs),
    paused: context.paused,
    blindCause: context.blind?.cause ?? null,
    blindSince: context.blind?.sinceMs ?? null,
    blindSpell: context.blind?.spell ?? null,
    blocked: context.blocked,
    failureKind: context.failure?.kind ?? null,
    failure: context.failure,
  };
}

export function firstSnapshot(input: CaseInput): CaseSnapshot {
  return initialTransition(caseMachine, input)[0];
}

/**
 * Decide and commit one event, inside the caller's transaction. Null: the event is not accepted where the case is, or
 * `entry` is past: nothing was written.
 */
export function commitEvent(
  tx: Tx,
  caseId: string,
  event: CaseEvent,
  entry: number | null,
  at: number,
): CaseChange | null {
  const row = readCase(tx, caseId);
  if (row === null || row.setAside !== null || (entry !== null && row.entry !== entry)) return null;
  const restored = restoreSnapshot(row.snapshot);
  if (restored.kind === 'unreadable')
    throw new Error(`the snapshot of case ${caseId} cannot be read: ${restored.reason}`);
  if (!restored.snapshot.can(event)) return null;
  const [after, actions] = transition(caseMachine, restored.snapshot, event);
  refuseVolatile(actions);

  const columns = columnsOf(after);
  const entered = columns.phase !== row.phase || effectsOf(actions).length > 0;
  const change = {
    ...columns,
    entry: entered ? row.entry + 1 : row.entry,
    updatedAt: at,
    ...(entered ? { phaseSince: at } : {}),
  };
  updateCase(tx, row, change);
  const said = saidBy(actions);
  commitAttempt(tx, row, event, after.context, columns.phase, said, at);
  commitLease(tx, restored.snapshot, after, row, event, said, at);
  const isNewTrouble = commitTrouble(tx, row, columns, at);
  const journalId =
    entered || isNewTrouble || !REPEATING.has(event.type)
      ? journalEvent(tx, row, event, columns, after.context.attempt, at)
      : null;
  return { event, from: row.phase, to: columns.phase, row: { ...row, ...change }, journalId, at };
}

/**
 * What comes again and again while nothing moves: it is journaled when it moves the case on, or begins a trouble. That a
 * host was unreachable is a row in the journal of the host (store/spells).
 */
const REPEATING: ReadonlySet<CaseEvent['type']> = new Set<CaseEvent['type']>([
  'job.observed',
  'work.blocked',
  'host.unreachable',
  'host.reachable',
]);

/** What holds the case up is a trouble of its attempt. True: it begins now, and does not merely come again. */
function commitTrouble(tx: Tx, before: CaseRow, after: Columns, at: number): boolean {
  // none is known beyond the row: most commits have nothing to write
  if (before.blocked === after.blocked && before.token === after.token) return false;
  if (before.token !== null && before.host !== null && (after.blocked === null || after.token !== before.token)) {
    endTrouble(tx, { kind: 'attempt', host: before.host, token: before.token }, 'blocked', at);
  }
  if (after.blocked === null || after.token === null || after.host === null) return false;
  return noteTrouble(tx, { kind: 'attempt', host: after.host, token: after.token }, 'blocked', after.blocked, at);
}

function journalEvent(
  tx: Tx,
  row: CaseRow,
  event: CaseEvent,
  { phase, failureKind }: Columns,
  attempt: number,
  at: number,
): number {
  const { type, ...detail } = event;
  const [fromPhase, toPhase] = [row.phase, phase];
  return appendJournal(tx, { caseId: row.id, attempt, at, event: type, fromPhase, toPhase, detail, failureKind });
}

/** Timers, spawned actors and raised events live in memory only: a restart would forget them. */
function refuseVolatile(actions: readonly { readonly type: string }[]): void {
  const volatile = actions.find((action) => action.type.startsWith('xstate.'));
  if (volatile !== undefined) throw new Error(`the case machine asks for ${volatile.type}, which no restart survives`);
}
