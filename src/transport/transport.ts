/**
 * How to reach a host. A command has three outcomes, never two: what was sent and not answered is *unknown*, and is
 * resolved by asking what is there, never by doing it again.
 */

export type RunOutcome =
  /** An exit status was really received. Output is text (UTF-8), whole. */
  | { readonly kind: 'done'; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  /** `sent: false`: surely nothing of it reached the host. `sent: true`: it may have run, in part or whole. */
  | { readonly kind: 'unknown'; readonly sent: boolean; readonly reason: string };

export interface RunOptions {
  /** Text for the command's standard input; closed after it. */
  readonly stdin?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Bytes that travelled so far; `totalBytes` is null while unknown. */
export interface Progress {
  readonly sentBytes: number;
  readonly totalBytes: number | null;
}

export interface SendRequest {
  /** The local case folder, absolute. It is only read. */
  readonly folder: string;
  /** SHA-256 of `manifestText` (domain/manifest) at admission, hex; any other content by now is `changed`. */
  readonly fingerprint: string;
  /** The directory of the host under which `staging/` and `attempts/` lie, absolute or below `~/`. */
  readonly root: string;
  readonly token: string;
  readonly onProgress?: (progress: Progress) => void;
  /** No byte for this long is a failure, not patience. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/**
 * `sent`: ROOT/attempts/TOKEN holds `inputs/` and `manifest`, verified there and flushed; also the answer when it was
 * there already. `changed`: the folder is not what was admitted. `failed`: the host said no or a file arrived wrong: a
 * try. `missing`: there is no such folder now, deleted or not mounted. `blocked`: something an operator mends (disk full, no tar): no try. `blind`: we could not see: no try.
 */
export type SendOutcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'changed'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'missing'; readonly reason: string }
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'blind'; readonly reason: string };

export interface CollectGlob {
  readonly glob: string;
  readonly optional: boolean;
}

export interface FetchRequest {
  /** The attempt's directory on the host is ROOT/attempts/TOKEN. */
  readonly root: string;
  readonly token: string;
  readonly globs: readonly CollectGlob[];
  /** Must every file that the job listed in `outputs` and a glob wants be there? Only after exit 0. */
  readonly mustBeWhole: boolean;
  /** The results folder (absolute), and the folder below it that the results become: `CASE/attempt-N`. */
  readonly results: string;
  readonly target: string;
  readonly onProgress?: (progress: Progress) => void;
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/**
 * `fetched`: `results/target` holds the wanted outputs, `stdout`, `stderr` and `manifest.json`, each verified, moved
 * there in one rename; also the answer when this token's results lie there already. `missingGlobs` are the required
 * globs that matched nothing, by the list that the job itself wrote.
 */
export type FetchOutcome =
  | { readonly kind: 'fetched'; readonly missingGlobs: readonly string[]; readonly files: number }
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'blind'; readonly reason: string };

/**
 * Contract, held by every adapter (test/contract/transport): `run` never rejects; `done` only with a received exit
 * status; abort and timeout give `unknown`. A remote command may outlive its answer. Output of login scripts never
 * reaches `stdout`.
 */
export interface Transport {
  readonly kind: 'local' | 'ssh';
  run(command: string, options: RunOptions): Promise<RunOutcome>;
  send(request: SendRequest): Promise<SendOutcome>;
  fetch(request: FetchRequest): Promise<FetchOutcome>;
  /**
   * Calls `onLine` for each line appended to a file of the host from now on, until `signal` aborts or the connection
   * is lost; resolves then. Only hints travel here: a lost line costs an interval, never the truth.
   */
  follow(file: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
  /**
   * Makes the connection usable, or says why not (`reason` names the next command to type where there is one), within a
   * time limit of its own.
   */
  connect(
    signal: AbortSignal,
  ): Promise<{ readonly kind: 'connected' } | { readonly kind: 'failed'; readonly reason: string }>;
  /** Called once for each connection that was made and then lost. */
  onLost(listener: (reason: string) => void): void;
  close(): Promise<void>;
}

/** A started command with its streams: what `local` and `ssh` each provide, and all the rest is made from. */
export interface RemoteProcess {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: NodeJS.ReadableStream;
  readonly stderr: NodeJS.ReadableStream;
  /** Resolves once, after the streams have ended: an exit code that was really received, or null for none. */
  readonly ended: Promise<{ readonly exitCode: number } | { readonly exitCode: null; readonly reason: string }>;
  /** Stop waiting for it; the command itself may go on. */
  abandon(): void;
}

/** Starts a POSIX sh command. Rejects (with an Error whose message says why) when surely nothing was started. */
export type Spawn = (command: string, channel: 'control' | 'bulk') => Promise<RemoteProcess>;
