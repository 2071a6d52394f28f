import { Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';

/**
 * The one argument that `exec` takes is read by the user's login shell, whichever that is, after whatever its start-up
 * files print. So:
 *
 * - It is printable ASCII, in single quotes that sh, bash, zsh, ksh, csh and fish read alike: the command travels as
 *   text for `printf %b`, in which every quote, backslash, `!`, newline and byte outside ASCII is written as `\0ooo`.
 *   A backslash in single quotes stands for itself in all of them as long as no quote, backslash, `!` or newline
 *   follows it, and here only `0` does.
 * - Its output stands in a frame: a mark in front of it on each stream (what came before is noise), and one with the
 *   exit status behind it. The mark is put together by the host, so that a login shell that echoes its command line
 *   (`set -x`) does not print it, and it holds a new random word each time.
 * - The begin mark is printed last before the command: without it, the command surely did not start from here.
 *
 * Standard input stays the command's own. It would also take the script, but costs one more round trip a command, and
 * everything is lost when a login script reads a line of it.
 */
const RUNNER =
  's=$(printf %b "$2") || exit 125; ' +
  'printf "\\036%s:%s\\036" "$1" err >&2; printf "\\036%s:%s\\036" "$1" out; ' +
  '/bin/sh -c "$s" mqi; e=$?; printf "\\036%s:%s:%d\\036" "$1" end $e; exit $e';

/** Linux takes 128 KiB in one argument; the runner and the shell around it need a little of that. */
export const COMMAND_LIMIT_BYTES = 120 * 1024;

const MARK = '\x1e';

export interface Frame {
  /** What to exec. */
  readonly argument: string;
  readonly begin: Buffer;
  readonly beginErrors: Buffer;
  /** What the end mark begins with; decimal digits and one more `MARK` follow. */
  readonly end: Buffer;
}

/** `nonce`: letters and digits, new for each command. Throws for a command too long to be one argument. */
export function frameCommand(command: string, nonce: string): Frame {
  const argument = `exec /bin/sh -c '${RUNNER}' mqi ${nonce} '${encode(command)}'`;
  if (argument.length > COMMAND_LIMIT_BYTES) {
    throw new Error(`a command of ${argument.length} bytes is too long: the limit is ${COMMAND_LIMIT_BYTES}`);
  }
  return {
    argument,
    begin: Buffer.from(`${MARK}${nonce}:out${MARK}`),
    beginErrors: Buffer.from(`${MARK}${nonce}:err${MARK}`),
    end: Buffer.from(`${MARK}${nonce}:end:`),
  };
}

const PLAIN = /^[ "#$%&()*+,\-./0-9:;<=>?@A-Z[\]^_`a-z{|}~]$/;

function encode(command: string): string {
  if (command.includes('\0')) throw new Error('a command with a NUL byte');
  let encoded = '';
  for (const byte of Buffer.from(command, 'utf8')) {
    const character = String.fromCharCode(byte);
    encoded += PLAIN.test(character) ? character : `\\0${byte.toString(8).padStart(3, '0')}`;
  }
  return encoded;
}

/** As much of what came in front of a frame as goes into a message. */
const NOISE_LIMIT_BYTES = 1024;
/** An exit status has at most three digits; then the closing mark. */
const STATUS_LENGTH = 4;

/** Lets only the bytes between the marks through. Without an `end`, all after `begin`. */
export class FrameReader extends Transform {
  /** Has the begin mark been seen? */
  begun = false;
  /** The exit status of the end mark; null before it. */
  exitCode: number | null = null;
  readonly #begin: Buffer;
  readonly #end: Buffer | null;
  readonly #onBegin: () => void;
  #noise: Buffer = Buffer.alloc(0);
  /** Bytes that may be the first part of a mark. */
  #held: Buffer = Buffer.alloc(0);

  constructor(begin: Buffer, end: Buffer | null, onBegin: () => void) {
    // one channel window's worth, so that a slow reader is felt by the host and not by our memory
    super({ readableHighWaterMark: 256 * 1024, writableHighWaterMark: 256 * 1024 });
    this.#begin = begin;
    this.#end = end;
    this.#onBegin = onBegin;
  }

  /** What came instead of the frame, for a message. */
  get noise(): string {
    return this.#noise.toString('utf8').trim();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let bytes: Buffer = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    if (!this.begun) {
      const at = bytes.indexOf(this.#begin);
      const noiseLength = at < 0 ? bytes.length - partialLength(bytes, this.#begin) : at;
      this.#keepNoise(bytes.subarray(0, noiseLength));
      if (at < 0) {
        this.#held = bytes.subarray(noiseLength);
        return done();
      }
      this.begun = true;
      this.#onBegin();
      bytes = bytes.subarray(at + this.#begin.length);
    }
    this.#passOn(bytes);
    done();
  }

  override _flush(done: TransformCallback): void {
    if (!this.begun) this.#keepNoise(this.#held);
    else if (this.#held.length > 0 && this.exitCode === null) this.push(this.#held);
    done();
  }

  #passOn(bytes: Buffer): void {
    // after the end comes what a wrapper or a logout script prints
    if (this.exitCode !== null || bytes.length === 0) return;
    if (this.#end === null) {
      this.push(bytes);
      return;
    }
    const end = findEnd(bytes, this.#end);
    if (end.kind === 'whole') this.exitCode = end.exitCode;
    else this.#held = Buffer.from(bytes.subarray(end.at));
    if (end.at > 0) this.push(bytes.subarray(0, end.at));
  }

  #keepNoise(bytes: Buffer): void {
    const room = NOISE_LIMIT_BYTES - this.#noise.length;
    if (room > 0 && bytes.length > 0) this.#noise = Buffer.concat([this.#noise, bytes.subarray(0, room)]);
  }
}

/** How many bytes at the end of `bytes` are the start of `mark`. */
function partialLength(bytes: Buffer, mark: Buffer): number {
  const from = Math.max(0, bytes.length - mark.length + 1);
  for (let at = bytes.indexOf(mark[0]!, from); at >= 0; at = bytes.indexOf(mark[0]!, at + 1)) {
    if (mark.subarray(0, bytes.length - at).equals(bytes.subarray(at))) return bytes.length - at;
  }
  return 0;
}

type End =
  | { readonly kind: 'whole'; readonly at: number; readonly exitCode: number }
  | { readonly kind: 'none'; readonly at: number };

/** The end mark and where it stands; without one, from where on its first part may have come (the length, if nowhere). */
function findEnd(bytes: Buffer, mark: Buffer): End {
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
    const after = bytes.toString('latin1', at + mark.length, at + mark.length + STATUS_LENGTH);
    const status = /^(\d{1,3})\x1e/.exec(after)?.[1];
    if (status !== undefined) return { kind: 'whole', at, exitCode: Number(status) };
    if (/^\d{0,3}$/.test(after)) return { kind: 'none', at };
  }
  return { kind: 'none', at: bytes.length - partialLength(bytes, mark) };
}
