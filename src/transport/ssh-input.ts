import { Writable } from 'node:stream';

type Done = (error?: Error | null) => void;

/**
 * The command's standard input, held back until its frame has begun: what is sent earlier may be read by a login script
 * (`read`, a module system, a wrapper), and the command would get the rest without anybody noticing. An input that ends
 * without a byte ends at once, so that such a script does not wait for us.
 */
export class HeldInput extends Writable {
  readonly #channel: Writable;
  #open = false;
  #sawBytes = false;
  /** What waits for the frame. */
  #start: (() => void) | null = null;
  /** Of the write under way: ssh2 never calls back for one that a closing channel swallowed. */
  #done: Done | null = null;

  constructor(channel: Writable) {
    super({ highWaterMark: 256 * 1024 });
    this.#channel = channel;
    // who writes to a command that has ended learns it by its write; the daemon must not end of it
    this.on('error', () => {});
  }

  /** The frame has begun. */
  open(): void {
    this.#open = true;
    this.#start?.();
    this.#start = null;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#sawBytes = true;
    this.#done = done;
    this.#whenOpen(() => {
      this.#channel.write(chunk, (error) => this.#finish(error));
    });
  }

  override _final(done: Done): void {
    this.#done = done;
    const end = (): void => {
      this.#channel.end();
      this.#finish(null);
    };
    if (this.#sawBytes) this.#whenOpen(end);
    else end();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#start = null;
    this.#finish(error ?? new Error('the command has ended'));
    done(error);
  }

  #whenOpen(start: () => void): void {
    if (this.#open) start();
    else this.#start = start;
  }

  #finish(error: Error | null | undefined): void {
    const done = this.#done;
    this.#done = null;
    done?.(error ?? null);
  }
}
