import type { TokenParts } from '../domain/attempt.ts';
import type { Gpu } from '../domain/gpu.ts';
import type { Claim, End, Job, JobClaim, Node, QueueResult, QueueState, Receipt } from '../domain/job.ts';
import type { BlindCause } from '../domain/observation.ts';

/**
 * What queues jobs on a host. An adapter knows one host, its root directory and its queue; it keeps no state. Every
 * operation names attempts by token; an operation that goes by a queue's id checks the token in the same command.
 */

/** `blind`: we could not look, or could not do it for sure. No verdict, no try, no slot freed because of it. */
export interface Blind {
  readonly kind: 'blind';
  readonly cause: BlindCause;
  readonly reason: string;
}

/** This one thing could not be done yet; the host is as well seen as before, and nobody else is held up. */
export interface NotYet {
  readonly kind: 'not_yet';
  /** In words for a person, with the path or the command that it is about. */
  readonly reason: string;
}

export interface JobSpec {
  readonly token: string;
  /** The queue's own group or partition; null where the scheduler has none. */
  readonly queue: string | null;
  /** `HOST/SLOT` is written into the claim, so that an unknown job tells which GPU it sits on. */
  readonly slot: string;
  /** What `sh -c` runs, with `env`, MQI_TOKEN and MQI_INPUTS (the absolute path of its inputs) in the environment. */
  readonly command: string;
  /** sh, run before the command in the same shell; null for none. */
  readonly prologue: string | null;
  readonly env: Readonly<Record<string, string>>;
}

export interface AttemptRef {
  readonly token: string;
  readonly job: Job | null;
  /** The claim of its job as it was seen once: it counts where nothing, or our own revocation, lies in its place now. */
  readonly claim?: JobClaim | null;
}

export interface CreateRequest {
  readonly spec: JobSpec;
  /** Earlier attempts of this case with a recorded proof: the only ones that may lie on the host beside this. */
  readonly provenTokens: readonly string[];
}

export type CreateOutcome =
  | { readonly kind: 'created'; readonly job: Job }
  /** Nothing was created and nothing of this token can run: revoked before this answer. */
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string | null }
  /** It may or may not exist: look it up, never create it again. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** Surely nothing was sent: try again when the host is back. */
  | Blind
  /** Something an operator mends; nothing was created. */
  | { readonly kind: 'blocked'; readonly reason: string };

export type FindOutcome =
  /** In the queue, or claimed by its job (`job.id` null). */
  | { readonly kind: 'found'; readonly job: Job }
  /** Neither; and it was revoked in the same command, so that it can never start. */
  | { readonly kind: 'absent' }
  /** What lies there cannot be read, or its claim cannot be taken. */
  | NotYet
  | Blind;

export type ReleaseOutcome =
  | { readonly kind: 'released' }
  /** No such job under this id and token. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'blocked'; readonly reason: string }
  | Blind;

export type StopOutcome =
  /** Proven: revoked or ended, no process with its token or in its session on the node that claimed it. */
  { readonly kind: 'gone'; readonly end: End | null; readonly queue: QueueResult | null } | NotYet | Blind;

export type RevokeOutcome =
  | { readonly kind: 'revoked' }
  /** Its job was first: it runs, or has run. */
  | { readonly kind: 'claimed' }
  /** Its claim cannot be taken or read (disk full, another user's directory). */
  | NotYet
  | Blind;

/**
 * All that one look found of one attempt. Absence of a file is recorded, and is proof of nothing by itself. *Unreadable
 * is never absent*: where it cannot be told what is there, `unreadable` says why, and nothing else of it counts but its
 * processes.
 */
export interface Facts {
  readonly token: string;
  readonly queue: QueueState;
  /** As the queue has it now; null when absent there. */
  readonly job: Job | null;
  /** Why what lies in the attempt's directory cannot be told; null: it can. */
  readonly unreadable: string | null;
  readonly directory: 'present' | 'absent';
  /** A purged directory that was made anew has none: then its claim proves nothing. */
  readonly manifest: 'present' | 'absent';
  readonly claim: Receipt<Claim>;
  readonly end: Receipt<End>;
  /** `HOST/SLOT` as the job script wrote it beside the claim; null when there is none. */
  readonly slot: string | null;
  /** Process ids with the token in their environment or in the claim's session, zombies left out. */
  readonly processes: readonly number[];
  /** There are some, and each was stopped by a signal: nothing of it computes. */
  readonly stopped: boolean;
}

export interface Look {
  readonly kind: 'looked';
  /** Where the processes were looked for. */
  readonly node: Node;
  readonly facts: readonly Facts[];
  /** A paused group, a stopped queue: named by `mqi why`. */
  readonly notices: readonly string[];
}

export type GpusOutcome =
  /** `gpus` null: the host has no nvidia-smi. */
  | { readonly kind: 'gpus'; readonly gpus: readonly Gpu[] | null }
  /** It fails, hangs, or says what nobody can read: nothing follows from it, the host is no less in sight. */
  | { readonly kind: 'unknown'; readonly reason: string }
  | Blind;

/** A directory or a queue entry of this installation, known to the store or not. */
export interface Listed {
  readonly token: string;
  readonly parts: TokenParts;
}

export type ListOutcome =
  | { readonly kind: 'listed'; readonly attempts: readonly Listed[]; readonly staging: readonly string[] }
  | Blind;

export type CopiedOutcome = { readonly kind: 'copied'; readonly tokens: readonly string[] } | Blind;

export type RemoveOutcome = { readonly kind: 'removed' } | NotYet | Blind;

export type SweepOutcome =
  | { readonly kind: 'swept'; readonly left: readonly { readonly token: string; readonly reason: string }[] }
  | Blind;

export type PrepareOutcome =
  /** The root is there, writable, and ours. */
  | { readonly kind: 'prepared'; readonly node: Node }
  /** Another installation owns the root; `reason` says which, and the command to take it over. */
  | Blind;

/**
 * Contract (test/contract/scheduler): no operation rejects; each may be cut off at any byte and be asked again.
 * `stop` always revokes, takes out of the queue, ends the processes, reads the receipts, looks for processes once
 * more, and only then links `end` and reads who won. `look` is one remote command, whatever the number of tokens.
 */
export interface Scheduler {
  readonly kind: 'direct' | 'pueue' | 'slurm';
  /**
   * Makes the root's directories, links `owner` or compares it. Idempotent; the first command to a host. A root that was
   * used before and is not there now (not mounted?) is not made anew unless `mayMake`: an empty one would look as if
   * every job there were lost.
   */
  prepare(signal: AbortSignal, mayMake: boolean): Promise<PrepareOutcome>;
  /** By an operator's order: the root of another installation becomes ours, with whatever lies in it. */
  takeOver(signal: AbortSignal): Promise<PrepareOutcome>;
  create(request: CreateRequest, signal: AbortSignal): Promise<CreateOutcome>;
  find(token: string, signal: AbortSignal): Promise<FindOutcome>;
  release(attempt: AttemptRef, signal: AbortSignal): Promise<ReleaseOutcome>;
  stop(
    attempt: AttemptRef,
    why: { readonly who: string; readonly why: string },
    signal: AbortSignal,
  ): Promise<StopOutcome>;
  /** For attempts that are not live any more: takes the claim, and the job out of the queue if it was held. */
  revoke(
    attempt: AttemptRef,
    why: { readonly who: string; readonly why: string },
    signal: AbortSignal,
  ): Promise<RevokeOutcome>;
  look(tokens: readonly string[], signal: AbortSignal): Promise<Look | Blind>;
  /** What computes on the GPUs of the host, and which of it is ours. One remote command. */
  gpus(signal: AbortSignal): Promise<GpusOutcome>;
  /** Every attempt and staging directory, and every queue entry, that carries this installation's name. */
  list(signal: AbortSignal): Promise<ListOutcome>;
  /**
   * Which of these attempts lie in another root too, in a directory of their own, without an end in ours: that root was
   * copied, not moved, and what their jobs do is written there.
   */
  copied(from: string, tokens: readonly string[], signal: AbortSignal): Promise<CopiedOutcome>;
  /** Removes what an attempt with a recorded proof left: the queue's record first, the data next, the claim last. */
  remove(attempt: AttemptRef, signal: AbortSignal): Promise<RemoveOutcome>;
  /** Staging leftovers of attempts that will never be staged again. What cannot be removed now is named, one by one. */
  sweepStaging(tokens: readonly string[], signal: AbortSignal): Promise<SweepOutcome>;
}
