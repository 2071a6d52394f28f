/** A job: the thing in the remote queue. It is created held, then released. */

/** `id` is null when the job was found by its claim alone; a later look fills it in. */
export interface Job {
  readonly id: string | null;
  /** Creation time exactly as the queue writes it. Queues re-use ids: identity is (token, createdAt, id). */
  readonly createdAt: string | null;
}

/** Who may run the job: written once, by whoever linked it first. */
export type Claim =
  | {
      readonly by: 'job';
      readonly node: string;
      readonly bootId: string;
      readonly pidNamespace: string;
      readonly uid: number;
      readonly pid: number;
      /** The session that the script opened for its payload; null where it could not open one. */
      readonly session: number | null;
      /** Clock ticks since boot (`/proc/PID/stat`, field 22). */
      readonly startTicks: string;
    }
  | { readonly by: 'revocation'; readonly who: string; readonly why: string };

/** A claim that a job made. */
export type JobClaim = Extract<Claim, { by: 'job' }>;

/** How the job ended: written once, by the job itself or, as `lost`, by us. */
export type End =
  /** Above 128 it may have been a signal. */
  | { readonly kind: 'exited'; readonly exitCode: number }
  /** As job scripts of version 1 wrote it. */
  | { readonly kind: 'signalled'; readonly signal: string }
  /** Linked by us after the proof that no process was left and the job had written nothing. */
  | { readonly kind: 'lost' };

/** A receipt is read whole or not at all: an empty or unreadable one is `garbled` and says nothing. */
export type Receipt<T> =
  | { readonly kind: 'absent' }
  | { readonly kind: 'garbled'; readonly text: string }
  | { readonly kind: 'present'; readonly value: T };

/** What the queue itself says of a job. `unknown` is any word we do not know: never taken for an end. */
export type QueueState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'held' }
  | { readonly kind: 'queued' }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly result: QueueResult }
  | { readonly kind: 'unknown'; readonly text: string };

export type QueueResult =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly exitCode: number }
  | { readonly kind: 'killed' }
  | { readonly kind: 'not_started'; readonly reason: string };

/** The machine and boot that a look was made on, or that a claim was made on. */
export interface Node {
  readonly name: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly uid: number;
}
