import type { Clock } from '../domain/clock.ts';
import type { RemoteProcess, Spawn } from './transport.ts';

/** Gives a command its input piece by piece; `write` resolves when the piece was accepted, and rejects when none is wanted any more. */
type Feed = (write: (chunk: Uint8Array) => Promise<void>) => Promise<void>;

export interface Execution {
  readonly command: string;
  readonly channel: 'control' | 'bulk';
  /** Closed after it; absent means empty. */
  readonly stdin?: string | Uint8Array | Feed;
  /** Takes the output as it comes, one piece at a time, instead of having it collected. */
  readonly onStdout?: (chunk: Buffer) => Promise<void> | void;
  /** Sees complaints while the command is still running; they are collected all the same. */
  readonly onStderr?: (chunk: Buffer) => void;
  readonly signal?: AbortSignal;
  /** For the whole of it. */
  readonly timeoutMs?: number;
  /** Longest time without a byte accepted or received, while `stdin` and `onStdout` do not keep the command waiting. */
  readonly stallMs?: number;
}

export type Executed =
  | { readonly kind: 'done'; readonly exitCode: number; readonly stdout: Buffer; readonly stderr: Buffer }
  | { readonly kind: 'unknown'; readonly sent: boolean; readonly reason: string };

/** No answer that we ask for comes near it; one that does is not worth the memory. */
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;

const PIECE_BYTES = 256 * 1024;

/** The command has ended, or nobody waits for it any more: stop feeding it. */
class Over extends Error {}

/** Runs one command. Rejects only with what its own `stdin` or `onStdout` threw; the command is abandoned then. */
export async function execute(spawn: Spawn, clock: Clock, execution: Execution): Promise<Executed> {
  if (execution.signal?.aborted === true) return { kind: 'unknown', sent: false, reason: 'aborted before it was sent' };
  const patience = new Patience(clock, execution);
  const starting = spawn(execution.command, execution.channel);
  try {
    const started = await Promise.race([
      starting.then(
        (child) => ({ child }),
        (error: unknown) => ({ refused: error instanceof Error ? error.message : String(error) }),
      ),
      patience.lost,
    ]);
    if (typeof started === 'string') {
      void starting.then(
        (child) => child.abandon(),
        () => {},
      );
      return { kind: 'unknown', sent: true, reason: started };
    }
    if ('refused' in started) return { kind: 'unknown', sent: false, reason: started.refused };
    return await converse(started.child, execution, patience);
  } finally {
    patience.end();
  }
}

async function converse(child: RemoteProcess, execution: Execution, patience: Patience): Promise<Executed> {
  const output = new Collected();
  const errors = new Collected();
  const input = new Input(child, patience);
  const take = execution.onStdout ?? ((chunk: Buffer) => output.add(chunk));
  const talking = Promise.all([
    child.ended.finally(() => input.close()),
    input.feed(execution.stdin),
    drain(child.stdout, patience, take),
    drain(child.stderr, patience, (chunk) => {
      errors.add(chunk);
      execution.onStderr?.(chunk);
    }),
  ]);
  try {
    const result = await Promise.race([talking, patience.lost]);
    if (typeof result === 'string') {
      child.abandon();
      return { kind: 'unknown', sent: true, reason: result };
    }
    const [ended] = result;
    if (ended.exitCode === null) return { kind: 'unknown', sent: true, reason: ended.reason };
    return { kind: 'done', exitCode: ended.exitCode, stdout: output.whole(), stderr: errors.whole() };
  } catch (error) {
    child.abandon();
    if (error instanceof TooMuch) return { kind: 'unknown', sent: true, reason: error.message };
    throw error;
  } finally {
    input.close();
    talking.catch(() => {});
  }
}

/** Ends the wait on abort, on the whole time being over, or when nothing has moved for too long. */
class Patience {
  /** Resolves with the reason; never rejects. */
  readonly lost: Promise<string>;
  readonly #clock: Clock;
  readonly #stallMs: number | null;
  #lose!: (reason: string) => void;
  readonly #cancels: (() => void)[] = [];
  #isOver = false;
  /** How much of our own the command waits for: a disk of this machine, which has bounds of its own. */
  #ours = 0;
  #cancelStall: () => void = () => {};

  constructor(clock: Clock, { signal, timeoutMs, stallMs }: Execution) {
    this.#clock = clock;
    this.#stallMs = stallMs ?? null;
    this.lost = new Promise((resolve) => (this.#lose = resolve));
    const abort = (): void => this.#lose('aborted while it was under way');
    signal?.addEventListener('abort', abort);
    this.#cancels.push(() => signal?.removeEventListener('abort', abort));
    if (timeoutMs !== undefined) {
      this.#cancels.push(clock.after(timeoutMs, () => this.#lose(`no answer within ${timeoutMs / 1000} s`)));
    }
    this.moved();
  }

  moved(): void {
    const stallMs = this.#stallMs;
    this.#cancelStall();
    if (stallMs === null || this.#ours > 0 || this.#isOver) return;
    this.#cancelStall = this.#clock.after(stallMs, () => this.#lose(`nothing moved for ${stallMs / 1000} s`));
  }

  /** That nothing moves on the line meanwhile is no sign of the host. */
  async ours<T>(work: () => Promise<T> | T): Promise<T> {
    return this.#counting(1, work);
  }

  /** In the midst of `ours`: now it is the host that is waited for. */
  async theirs<T>(work: () => Promise<T>): Promise<T> {
    return this.#counting(-1, work);
  }

  async #counting<T>(step: 1 | -1, work: () => Promise<T> | T): Promise<T> {
    this.#ours += step;
    this.moved();
    try {
      return await work();
    } finally {
      this.#ours -= step;
      this.moved();
    }
  }

  end(): void {
    this.#isOver = true;
    this.#cancelStall();
    for (const cancel of this.#cancels) cancel();
  }
}

/** The standard input of a command, which may stop reading at any moment. */
class Input {
  readonly #child: RemoteProcess;
  readonly #patience: Patience;
  #closed = false;
  /** Rejects the write that is under way. */
  #refuse: (over: Over) => void = () => {};

  constructor(child: RemoteProcess, patience: Patience) {
    this.#child = child;
    this.#patience = patience;
    // EPIPE says that the command did not want it all; its exit code tells why
    child.stdin.on('error', () => this.close());
  }

  close(): void {
    this.#closed = true;
    this.#refuse(new Over());
  }

  async feed(stdin: Execution['stdin']): Promise<void> {
    try {
      if (typeof stdin === 'function') {
        await this.#patience.ours(() => stdin((chunk) => this.#patience.theirs(() => this.#write(chunk))));
      } else await this.#writeInPieces(typeof stdin === 'string' ? Buffer.from(stdin) : (stdin ?? new Uint8Array()));
      this.#child.stdin.end();
    } catch (error) {
      if (!(error instanceof Over)) throw error;
    }
  }

  /** Each accepted piece of a long text is a sign of life on a slow link. */
  async #writeInPieces(text: Uint8Array): Promise<void> {
    for (let offset = 0; offset < text.length; offset += PIECE_BYTES) {
      await this.#write(text.subarray(offset, offset + PIECE_BYTES));
    }
  }

  #write(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Over());
      this.#refuse = reject;
      this.#child.stdin.write(chunk, (error) => {
        if (error !== null && error !== undefined) return this.close();
        this.#patience.moved();
        resolve();
      });
    });
  }
}

class TooMuch extends Error {}

class Collected {
  readonly #chunks: Buffer[] = [];
  #sizeBytes = 0;

  add(chunk: Buffer): void {
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > OUTPUT_LIMIT_BYTES) {
      throw new TooMuch(`garbled: more than ${OUTPUT_LIMIT_BYTES / 1024 / 1024} MiB of output`);
    }
    this.#chunks.push(chunk);
  }

  whole(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Both outputs are always read to their end: a channel with unread output never closes. */
async function drain(
  stream: NodeJS.ReadableStream,
  patience: Patience,
  take: (chunk: Buffer) => Promise<void> | void,
): Promise<void> {
  const chunks = stream[Symbol.asyncIterator]();
  for (;;) {
    // a stream that breaks is no verdict by itself: `ended` says whether an exit status came
    const next = await chunks.next().catch(() => ({ done: true as const, value: undefined }));
    if (next.done === true) return;
    patience.moved();
    const chunk = typeof next.value === 'string' ? Buffer.from(next.value) : next.value;
    await patience.ours(() => take(chunk));
  }
}
