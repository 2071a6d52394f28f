import { createActor, initialTransition, transition } from 'xstate';
import type { SnapshotFrom } from 'xstate';

import { LINGER_MS, caseMachine } from '../../../machines/index.ts';
import type { CaseContext, CaseEvent } from '../../../machines/index.ts';
import { isFinal, stateOf } from '../../domain/case.ts';
import type { Phase } from '../../domain/case.ts';
import type { JournalRow } from '../../store/queries.ts';
import { machineJson } from '../diagram/machine-json.ts';
import { sentOfContext, sentOfEvent } from './allow-list.ts';
import { PROTOCOL_VERSION } from './message.ts';
import type { ActorMessage, InspectedEvent, InspectedSnapshot, InspectionMessage } from './message.ts';

/** One attempt of a case as a viewer sees it: an actor of the case machine, rebuilt from the journal. */
export interface InspectedActor {
  readonly sessionId: string;
  readonly snapshot: CaseSnapshot;
}

type CaseSnapshot = SnapshotFrom<typeof caseMachine>;

export interface Step {
  readonly actor: InspectedActor;
  readonly messages: readonly InspectionMessage[];
}

const BEGINNINGS: ReadonlySet<string> = new Set(['case.admitted', 'operator.retried', 'attempt.forgotten']);

/** Whether a row begins an attempt: an actor that needs nothing of what was before. */
export const beginsAttempt = ({ event }: Pick<JournalRow, 'event'>): boolean => BEGINNINGS.has(event);

const DEFINITION = JSON.stringify(machineJson(caseMachine));

/**
 * What one row of the journal tells a viewer. Pure. `before`: the actor as the case's rows so far left it; null when
 * this is the first one that is read. `limitMs` is what an attempt begins with: the journal does not say.
 */
export function stepBy(row: JournalRow, before: InspectedActor | null, limitMs: number): Step {
  if (before === null || beginsAttempt(row)) {
    const first = initialTransition(caseMachine, { caseId: row.caseId, attempt: row.attempt, limitMs })[0];
    const snapshot = phaseOf(first) === row.toPhase ? first : recorded(first, row.toPhase, {});
    const actor = { sessionId: `${row.caseId}/${row.attempt}`, snapshot };
    return { actor, messages: [registration(row, actor), ...told(row, actor)] };
  }
  const actor = { sessionId: before.sessionId, snapshot: moved(before.snapshot, row) };
  return { actor, messages: told(row, actor) };
}

/** The actor as a late viewer first hears of it. */
function registration(row: JournalRow, { sessionId, snapshot }: InspectedActor): ActorMessage {
  return {
    type: '@xstate.actor',
    name: `case ${row.caseId}, attempt ${row.attempt}`,
    definition: DEFINITION,
    snapshot: inspected(snapshot),
    ...envelope(row, sessionId, 0),
  };
}

function told(row: JournalRow, { sessionId, snapshot }: InspectedActor): InspectionMessage[] {
  const event: InspectedEvent = { ...sentOfEvent(row.detail), type: row.event };
  return [
    { type: '@xstate.event', event, ...envelope(row, sessionId, 1) },
    { type: '@xstate.snapshot', event, snapshot: inspected(snapshot), ...envelope(row, sessionId, 2) },
  ];
}

function envelope(row: JournalRow, sessionId: string, part: number) {
  return {
    sessionId,
    rootId: sessionId,
    createdAt: String(row.at),
    // a spell that flickers is one row, told each time
    id: row.id > 0 ? `${row.id}.${part}` : `${row.id}@${row.at}.${part}`,
    _version: PROTOCOL_VERSION,
  };
}

function inspected(snapshot: CaseSnapshot): InspectedSnapshot {
  return {
    status: snapshot.status === 'done' ? 'done' : 'active',
    value: snapshot.value,
    context: sentOfContext(snapshot.context),
    tags: [...snapshot.tags],
  };
}

/**
 * The machine says what an event does; where the journal says something else it is right: looks that only moved a clock
 * are not in it, so that a limit may seem far when it was reached.
 */
function moved(before: CaseSnapshot, row: JournalRow): CaseSnapshot {
  const event = { ...row.detail, type: row.event } as CaseEvent;
  const late = { observedMs: before.context.limitMs, lingerMs: LINGER_MS };
  for (const context of [{}, late]) {
    const after = tried(recorded(before, phaseOf(before), context), event);
    if (after !== null && phaseOf(after) === row.toPhase) return after;
  }
  return recorded(before, row.toPhase, {});
}

/** Null: the machine, as it is now, does not take an event that an older one wrote. */
function tried(before: CaseSnapshot, event: CaseEvent): CaseSnapshot | null {
  try {
    return transition(caseMachine, before, event)[0];
  } catch {
    return null;
  }
}

/** The state that the journal names, with what is known of the rest. */
function recorded(before: CaseSnapshot, phase: Phase, context: Partial<CaseContext>): CaseSnapshot {
  if (phaseOf(before) === phase && Object.keys(context).length === 0) return before;
  const state = stateOf(phase);
  const persisted = {
    ...caseMachine.getPersistedSnapshot(before),
    status: isFinal(state) ? 'done' : 'active',
    value: isFinal(state) ? state : { [state]: phase },
    context: { ...before.context, ...context },
  };
  // an actor that is never started: resolveState would lose what transition() needs
  return createActor(caseMachine, {
    snapshot: persisted as never,
    input: { caseId: '', attempt: 1, limitMs: 0 },
  }).getSnapshot();
}

export function phaseOf(snapshot: CaseSnapshot): Phase {
  const value: unknown = snapshot.value;
  return (typeof value === 'string' ? value : Object.values(value as object)[0]) as Phase;
}
