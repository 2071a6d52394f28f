import type { CaseState, Phase } from '../../domain/case.ts';
import type { PhaseCount } from '../../store/queries.ts';

/** Every phase has its number, 0 too: a script need not know which are missing. */
export interface CountsShape {
  readonly states: Readonly<Record<CaseState, number>>;
  readonly phases: Readonly<Record<Phase, number>>;
}

export function countsShape(counts: readonly PhaseCount[]): CountsShape {
  const states: Record<CaseState, number> = { submitted: 0, submitting: 0, running: 0, completed: 0, failed: 0 };
  const phases: Record<Phase, number> = {
    waiting: 0,
    staging: 0,
    staged: 0,
    creating: 0,
    confirming: 0,
    releasing: 0,
    queued: 0,
    executing: 0,
    stopping: 0,
    collecting: 0,
    completed: 0,
    failed: 0,
  };
  for (const { state, phase, count } of counts) {
    states[state] += count;
    phases[phase] += count;
  }
  return { states, phases };
}
