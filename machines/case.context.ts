import type { Failure } from '../src/domain/failure.ts';
import type { Job, QueueResult } from '../src/domain/job.ts';
import type { BlindCause } from '../src/domain/observation.ts';
import type { CaseInput } from './case.events.ts';

/** Raised whenever a field is added or changes its meaning; `supervisor/case/snapshot-upgrades` brings older ones up to it. */
export const CONTEXT_VERSION = 2;

/** Whole uploads that may fail before the case does; a blind spell is no try. */
export const UPLOAD_TRIES = 5;

/** How often a released job that the queue holds again is let go anew (pueue forgets an enqueue when it is killed). */
export const RELEASES_AGAIN = 5;

/** How long processes may outlive their job's end before they are ended: a clean exit needs far less. */
export const LINGER_MS = 30_000;

/** Why a job is being stopped; decides the verdict once it is proven gone. */
export type StopReason =
  | { readonly kind: 'cancelled'; readonly by: string; readonly why: string }
  | { readonly kind: 'limit' }
  | { readonly kind: 'missing'; readonly queue: QueueResult | null }
  | { readonly kind: 'lingering' };

export interface CaseContext {
  readonly version: typeof CONTEXT_VERSION;
  readonly caseId: string;
  readonly attempt: number;
  readonly token: string | null;
  readonly host: string | null;
  readonly slot: string | null;
  readonly job: Job | null;
  readonly limitMs: number;
  /** Milliseconds for which the job was seen executing, without gaps. Never grows while blind. */
  readonly observedMs: number;
  /** Milliseconds for which processes were seen after the job's end. */
  readonly lingerMs: number;
  readonly uploadTries: number;
  readonly releasesAgain: number;
  readonly paused: boolean;
  /**
   * Its host is unreachable. `sinceMs` is wall-clock, for people; `spell` is the row in the journal of the host, null
   * where the database knows of none (version 1).
   */
  readonly blind: { readonly cause: BlindCause; readonly sinceMs: number; readonly spell: number | null } | null;
  /** What the current work waits for, or why a look cannot tell how the job is; cleared when the case moves on. */
  readonly blocked: string | null;
  readonly stop: StopReason | null;
  /** The verdict, once there is one; until `collecting` is over the case is not final. */
  readonly failure: Failure | null;
}

/** XState also calls the context factory with no input, once a transition. */
export function initialContext(input: CaseInput | undefined): CaseContext {
  return {
    version: CONTEXT_VERSION,
    caseId: input?.caseId ?? '',
    attempt: input?.attempt ?? 1,
    token: null,
    host: null,
    slot: null,
    job: null,
    limitMs: input?.limitMs ?? 0,
    observedMs: 0,
    lingerMs: 0,
    uploadTries: 0,
    releasesAgain: 0,
    paused: false,
    blind: null,
    blocked: null,
    stop: null,
    failure: null,
  };
}

/** The clock: time counts only between two good looks that nothing interrupted. */
export function countedMs(context: CaseContext, sinceMs: number | null): number {
  return context.blind === null ? Math.max(0, sinceMs ?? 0) : 0;
}
