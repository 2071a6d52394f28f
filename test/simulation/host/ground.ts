import type { History } from '../history.ts';
import type { Random } from '../random.ts';
import type { Timeline } from '../timeline.ts';
import type { Accuse } from '../violation.ts';
import type { Witness } from '../witness.ts';

/** How a job will behave; drawn for each attempt. */
export interface JobPlan {
  readonly runMs: number;
  readonly exitCode: number;
  /** Whether it writes what is to be collected. */
  readonly writes: boolean;
  /** How long a child that left the session outlives its payload; 0 for no child. */
  readonly childMs: number;
  readonly ignoresTerm: boolean;
  /** Its environment was cleaned (a container): only its session tells whose it is. */
  readonly cleansEnvironment: boolean;
  /** How long it cannot be killed (a driver that hangs), counted from the first signal. */
  readonly unkillableMs: number;
}

/** What everything in one world stands on. */
export interface Ground {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly history: History;
  readonly witness: Witness;
  readonly accuse: Accuse;
  /** How the job of an attempt behaves. */
  planOf(token: string): JobPlan;
  /** Host truth has changed: the promises are to be checked. */
  changed(): void;
}
