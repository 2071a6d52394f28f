/** A case: one unit of work, a folder with a stable id and a fingerprint of its content. */

export const CASE_STATES = ['submitted', 'submitting', 'running', 'completed', 'failed'] as const;
/** The five states of a case; an interface: scripts depend on these words. */
export type CaseState = (typeof CASE_STATES)[number];

/** The substates of each state. A final state has itself as its only phase. */
export const PHASES = {
  submitted: ['waiting', 'staging', 'staged'],
  submitting: ['creating', 'confirming'],
  running: ['releasing', 'queued', 'executing', 'stopping', 'collecting'],
  completed: ['completed'],
  failed: ['failed'],
} as const satisfies Record<CaseState, readonly string[]>;

export type Phase = (typeof PHASES)[CaseState][number];

const STATE_OF_PHASE: ReadonlyMap<Phase, CaseState> = new Map(
  CASE_STATES.flatMap((state) => PHASES[state].map((phase) => [phase, state] as const)),
);

export function stateOf(phase: Phase): CaseState {
  // every Phase is a key: the map is built from the same table as the type
  return STATE_OF_PHASE.get(phase)!;
}

export function isFinal(state: CaseState): boolean {
  return state === 'completed' || state === 'failed';
}

/** The phases in which a case holds its slot: from the lease to the proof that its job is gone. */
export const SLOT_HOLDING_PHASES: ReadonlySet<Phase> = new Set<Phase>([
  'creating',
  'confirming',
  'releasing',
  'queued',
  'executing',
  'stopping',
]);

/** The six pieces of work that the outside world sees; each is wanted by one phase. */
export const EFFECTS = ['upload', 'create', 'find', 'release', 'stop', 'collect'] as const;
export type Effect = (typeof EFFECTS)[number];
