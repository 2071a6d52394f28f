import type { End, Job, QueueResult } from '../src/domain/job.ts';
import type { BlindCause, Observation } from '../src/domain/observation.ts';

/** What a new attempt starts with. */
export interface CaseInput {
  readonly caseId: string;
  readonly attempt: number;
  /** How long the job may be seen executing, milliseconds. */
  readonly limitMs: number;
}

/**
 * Everything that can happen to a case: past facts (`upload.verified`) and orders (`operator.cancelled`). Time and
 * outcomes come in as fields; the machine itself has no clock and does nothing.
 */
export type CaseEvent =
  | { readonly type: 'host.assigned'; readonly host: string; readonly token: string }
  | { readonly type: 'upload.verified' }
  | { readonly type: 'upload.failed'; readonly message: string }
  | { readonly type: 'inputs.changed'; readonly message: string }
  | { readonly type: 'slot.leased'; readonly slot: string }
  | { readonly type: 'job.created'; readonly job: Job }
  /** The host said no (`refused`), or nothing of the job is there (`failed`). `hint` overrides the usual next command. */
  | { readonly type: 'job.refused'; readonly message: string; readonly hint: string | null }
  | { readonly type: 'job.unconfirmed'; readonly reason: string }
  /** Not in the queue, and the claim is ours: it can never start. */
  | { readonly type: 'job.absent'; readonly message: string }
  | { readonly type: 'job.released' }
  | {
      readonly type: 'job.observed';
      readonly observation: Observation;
      /** Monotonic ms since the previous unbroken good look at this case; null when there was none. */
      readonly sinceMs: number | null;
      /** Set once, for a job that was known by its claim alone. */
      readonly job?: Job;
    }
  /** Proven: no process of it is left and none can start. `end` is null when nobody ever claimed it. */
  | { readonly type: 'job.gone'; readonly end: End | null; readonly queue: QueueResult | null }
  /** An orphan is given back to its case. `end`: it has ended, and is proven gone: it needs no slot any more. */
  | {
      readonly type: 'job.adopted';
      readonly host: string;
      readonly token: string;
      readonly slot: string | null;
      readonly job: Job;
      readonly end: End | null;
    }
  | { readonly type: 'results.collected'; readonly missingGlobs: readonly string[] }
  | { readonly type: 'work.blocked'; readonly reason: string }
  | { readonly type: 'daemon.restarted' }
  | {
      readonly type: 'host.unreachable';
      readonly host: string;
      readonly cause: BlindCause;
      readonly atMs: number;
      readonly spell: number | null;
    }
  | { readonly type: 'host.reachable'; readonly host: string }
  | { readonly type: 'operator.cancelled'; readonly by: string; readonly why: string }
  | { readonly type: 'operator.abandoned'; readonly by: string; readonly why: string }
  | { readonly type: 'operator.paused'; readonly by: string }
  | { readonly type: 'operator.resumed'; readonly by: string }
  | { readonly type: 'operator.limited'; readonly limitMs: number };

export type CaseEventType = CaseEvent['type'];
