import type { JobPlan } from './host/ground.ts';
import type { HostShape } from './host/sim-host.ts';

export interface CaseShape {
  /** Its folder's name. */
  readonly name: string;
  readonly arrivesAtMs: number;
}

/** What a world is made of; a seed draws one, a scenario writes it down. */
export interface WorldShape {
  readonly seed: string;
  readonly hosts: readonly HostShape[];
  readonly cases: readonly CaseShape[];
  readonly limitMs: number;
  readonly observeEveryMs: number;
  readonly stageAhead: number;
  /** How long attempts that are over stay on their host. */
  readonly keepMs: number;
  /** How the job of an attempt behaves. */
  planOf(caseName: string, attempt: number): JobPlan;
}

/** Twenty seconds, success, and nothing left over. */
export const PLAIN_JOB: JobPlan = {
  runMs: 20_000,
  exitCode: 0,
  writes: true,
  childMs: 0,
  ignoresTerm: false,
  cleansEnvironment: false,
  unkillableMs: 0,
};
