/** Why a case failed: a tagged union, each kind with exactly its data. */

interface Explained {
  /** What happened and why, in one sentence for a person. */
  readonly message: string;
  /** The next command to type. */
  readonly hint: string;
}

export type Failure = Explained &
  (
    | { readonly kind: 'interrupted' }
    | { readonly kind: 'upload_failed' }
    | { readonly kind: 'inputs_changed' }
    | { readonly kind: 'submission_refused' }
    | { readonly kind: 'submission_failed' }
    | { readonly kind: 'job_failed'; readonly exitCode: number }
    /** `exitCode`: as the shell gave it; null where the queue said so, or the receipt is of version 1. */
    | { readonly kind: 'job_killed'; readonly signal: string | null; readonly exitCode: number | null }
    | { readonly kind: 'job_not_started' }
    | { readonly kind: 'job_lost' }
    | { readonly kind: 'timed_out'; readonly observedMs: number }
    | { readonly kind: 'cancelled'; readonly by: string }
    | { readonly kind: 'results_missing'; readonly globs: readonly string[] }
    | { readonly kind: 'abandoned'; readonly by: string }
  );

export type FailureKind = Failure['kind'];

export const FAILURE_KINDS = [
  'interrupted',
  'upload_failed',
  'inputs_changed',
  'submission_refused',
  'submission_failed',
  'job_failed',
  'job_killed',
  'job_not_started',
  'job_lost',
  'timed_out',
  'cancelled',
  'results_missing',
  'abandoned',
] as const satisfies readonly FailureKind[];
