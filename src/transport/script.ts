import { quote } from './quote.ts';

/**
 * Runs a script that comes on standard input. It is read whole before anything of it is done, so that no command in it
 * can eat the rest, and a script cut off on its way does nothing at all (its block never closes).
 */
export const RUN_SCRIPT = 'eval "$(cat)"';

/** A script for `RUN_SCRIPT`: messages in English (they are read by `trouble`), names as plain bytes. */
export function script(...lines: readonly string[]): string {
  return ['{', 'LC_ALL=C; export LC_ALL', ...lines, '}', ''].join('\n');
}

/** Far below what any system takes for one command (POSIX systems: 128 KiB and more), environment included. */
const ARGUMENTS_BYTES = 48 * 1024;
/** One call hashes no more than this, so that its answer is a sign of life. */
const CALL_BYTES = 512 * 1024 * 1024;

export interface HostFile {
  readonly path: string;
  readonly sizeBytes: number;
}

export interface Call {
  readonly files: readonly HostFile[];
  /** The arguments, quoted, each beginning with `./`. */
  readonly words: string;
  /** Its file has a name that programs escape or break when they print it, and must be read by redirection. */
  readonly exotic: boolean;
}

/** Cuts a list of files into calls whose arguments fit, in the same order. */
export function callsOf(files: readonly HostFile[]): Call[] {
  const calls: Call[] = [];
  let batch: HostFile[] = [];
  let words: string[] = [];
  let argumentBytes = 0;
  let contentBytes = 0;
  const end = (exotic: boolean): void => {
    if (batch.length > 0) calls.push({ files: batch, words: words.join(' '), exotic });
    batch = [];
    words = [];
    argumentBytes = 0;
    contentBytes = 0;
  };
  for (const file of files) {
    const word = quote(`./${file.path}`);
    const exotic = /[\\\x00-\x1f\x7f]/.test(file.path);
    const full = argumentBytes + word.length * 3 > ARGUMENTS_BYTES || contentBytes + file.sizeBytes > CALL_BYTES;
    if (exotic || full) end(false);
    batch.push(file);
    words.push(word);
    // a character is up to three bytes
    argumentBytes += word.length * 3;
    contentBytes += file.sizeBytes;
    if (exotic) end(true);
  }
  end(false);
  return calls;
}

/**
 * Defines `absent PATH`: true where nothing has this name. What may not be read, or lies on a disk with errors, is not
 * absent: its reason is in `$said` then. (`[ -e ]` tells the two apart by nothing.)
 */
export const DEFINE_ABSENT = `
absent() {
  if said=$(ls -d "$1" 2>&1); then said=; return 1; fi
  case $said in *': No such file or directory' | *': Not a directory') return 0 ;; esac
  return 1
}`;

/** What `one` prints for a file that is there, or may be, and cannot be read. */
export const UNREADABLE = '!';

/**
 * Defines `sums FILE…` and `one FILE`: a line for each file, in order: its SHA-256 in hex, `-` for one that is not there
 * or no regular file, or UNREADABLE. openssl is four times as fast as sha256sum; neither is relied on to print a name.
 */
export const DEFINE_SUMS = `${DEFINE_ABSENT}
case $(openssl dgst -sha256 -r /dev/null 2>/dev/null) in
e3b0c442*) sum() { openssl dgst -sha256 -r "$@"; } ;;
*)
  if command -v sha256sum >/dev/null 2>&1; then sum() { sha256sum "$@"; }
  elif command -v shasum >/dev/null 2>&1; then sum() { shasum -a 256 "$@"; }
  else echo 'no-sums'; exit 0; fi ;;
esac
one() {
  if [ -f "$1" ] && [ ! -L "$1" ]; then
    if digest=$(sum <"$1" 2>/dev/null); then printf '%.64s\\n' "$digest"; else echo '${UNREADABLE}'; fi
  elif absent "$1" || [ -z "$said" ]; then echo -
  else echo '${UNREADABLE}'; fi
}
sums() {
  if digests=$(sum "$@" </dev/null 2>/dev/null); then printf '%s\\n' "$digests" | cut -c1-64
  else for file do one "$file"; done; fi
}`;

/** Prints the sums of files below a directory of the host (given as a shell word); `gone` where there is none. */
export function sumsScript(directory: string, files: readonly HostFile[]): string {
  return script(
    DEFINE_SUMS,
    `where=${directory}`,
    `cd "$where" 2>/dev/null || { if absent "$where/."; then echo gone; exit 0; fi; echo "$said" >&2; exit 1; }`,
    ...callsOf(files).map((call) => `${call.exotic ? 'one' : 'sums'} ${call.words}`),
    `echo done`,
  );
}

export type Sums =
  | { readonly kind: 'no_sums' }
  | { readonly kind: 'gone' }
  /** A sum, UNREADABLE, or null for what is not there, for each file, in order. */
  | { readonly kind: 'summed'; readonly sums: readonly (string | null)[] };

/** The answer to `sumsScript` about so many files; null when it is not such an answer. */
export function parseSums(text: string, count: number): Sums | null {
  const lines = text.split('\n');
  if (lines[0] === 'no-sums') return { kind: 'no_sums' };
  if (lines[0] === 'gone') return { kind: 'gone' };
  if (lines.pop() !== '' || lines.pop() !== 'done' || lines.length !== count) return null;
  if (!lines.every((line) => line === '-' || line === UNREADABLE || /^[0-9a-f]{64}$/.test(line))) return null;
  return { kind: 'summed', sums: lines.map((line) => (line === '-' ? null : line)) };
}

/** Slow enough for a network disk in use: how long a host may be busy with so many bytes without a sign of life. */
const SLOWEST_BYTES_PER_MS = 5_000;

export function patienceMs(stallMs: number, sizeBytes: number): number {
  return stallMs + Math.ceil(sizeBytes / SLOWEST_BYTES_PER_MS);
}
