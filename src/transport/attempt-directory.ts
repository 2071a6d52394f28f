import { quote, quotePath } from './quote.ts';
import type { OutputFile } from './outputs.ts';
import { DEFINE_ABSENT, callsOf, script } from './script.ts';

/**
 * The host's side of a collection, as scripts. File names go to the host in the script itself, as quoted words: that is
 * the one way that every tar understands for every name (`-T` breaks on newlines, `--null` is not everywhere).
 */
export interface AttemptPlace {
  readonly root: string;
  readonly token: string;
}

/** Scripts that hold names of the host, which are bytes: a character for each. */
function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** A directory as a shell word, in bytes like the names that go beside it. */
export function attemptWord({ root, token }: AttemptPlace): string {
  return Buffer.from(quotePath(root, 'attempts', token)).toString('latin1');
}

function attemptsWord({ root }: AttemptPlace): string {
  return Buffer.from(quotePath(root, 'attempts')).toString('latin1');
}

/** What lies there, and then `outputs` to the byte. */
export function surveyScript(place: AttemptPlace): Buffer {
  return bytes(
    script(
      `attempts=${attemptsWord(place)}; token=${quote(place.token)}`,
      // a root that is not mounted must not pass for an attempt that left nothing
      DEFINE_ABSENT,
      `if absent "$attempts/."; then echo no-root; exit 0; fi`,
      // ls says why, where the shell's own words may not
      `cd "$attempts" || { ls "$attempts/." >/dev/null; exit 1; }`,
      `if absent "./$token"; then echo absent; exit 0; fi`,
      `cd "./$token" || { ls "./$token/." >/dev/null; exit 1; }`,
      `for log in stdout stderr; do`,
      `  if [ -f $log ]; then echo "$log $(($(wc -c <$log)))"; fi`,
      `done`,
      `if [ -f outputs ]; then echo 'outputs'; cat outputs; else echo 'no-outputs'; fi`,
    ),
  );
}

export type Found =
  | { readonly kind: 'no_root' }
  | { readonly kind: 'absent' }
  /** `hasList`: the bytes after the first lines are the receipt `outputs`. */
  | { readonly kind: 'present'; readonly logs: readonly OutputFile[]; readonly hasList: boolean };

/** The first lines of the answer come in a few bytes. */
const HEAD_BYTES = 4096;

/** Reads the answer to `surveyScript` as it comes; what follows its first lines goes to `onList`. */
export class FoundReader {
  readonly #onList: (bytes: Buffer) => void;
  readonly #logs: OutputFile[] = [];
  #head = Buffer.alloc(0);
  #found: Found | null = null;
  #isGarbled = false;

  constructor(onList: (bytes: Buffer) => void) {
    this.#onList = onList;
  }

  add(chunk: Buffer): void {
    if (this.#found !== null) return this.#onList(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    while (!this.#isGarbled) {
      const newline = this.#head.indexOf('\n');
      this.#isGarbled = newline === -1 && this.#head.length > HEAD_BYTES;
      if (newline === -1) return;
      const line = this.#head.toString('latin1', 0, newline);
      this.#head = this.#head.subarray(newline + 1);
      this.#found = this.#read(line);
      if (this.#found === null) continue;
      if (this.#head.length > 0) this.#onList(this.#head);
      return;
    }
  }

  /** Null for anything that is no such answer. */
  end(): Found | null {
    return this.#found;
  }

  #read(line: string): Found | null {
    if (line === 'no-root') return { kind: 'no_root' };
    if (line === 'absent') return { kind: 'absent' };
    if (line === 'no-outputs' || line === 'outputs') {
      return { kind: 'present', logs: this.#logs, hasList: line === 'outputs' };
    }
    const log = /^(stdout|stderr) (\d+)$/.exec(line);
    if (log === null) this.#isGarbled = true;
    else this.#logs.push({ path: log[1]!, sizeBytes: Number(log[2]) });
    return null;
  }
}

/** Every regular file, for a job that left no list. */
export function findScript(place: AttemptPlace): Buffer {
  return bytes(
    script(
      `cd ${attemptWord(place)} || exit 1`,
      `find . -path ./inputs -prune -o -type f -exec sh -c 'for file do printf "%s\\0" "$file"; done' sh {} +`,
    ),
  );
}

/**
 * One archive after the other, each of as many files as fit into a command: readers skip the end of an archive. A file
 * that is not there is left out; what came is compared with the sums that are asked for afterwards. The GNU format keeps
 * names as bytes and files with holes whole (bsdtar would put a map into them otherwise); GNU tar would take a
 * backslash in a name for an escape.
 */
export function packScript(place: AttemptPlace, files: readonly OutputFile[]): Buffer {
  return bytes(
    script(
      `cd ${attemptWord(place)} || exit 1`,
      `command -v tar >/dev/null 2>&1 || { echo 'tar: not found' >&2; exit 127; }`,
      `case $(tar --version 2>&1 </dev/null) in`,
      `*bsdtar*) format='--format gnutar' ;;`,
      `*'GNU tar'*) format='--format=gnu --no-unquote' ;;`,
      `*) format= ;;`,
      `esac`,
      `pack() { tar $format -c -f - "$@" </dev/null; }`,
      ...callsOf(files.map(({ path }) => ({ path, sizeBytes: 0 }))).map((call) => `pack ${call.words}`),
      `exit 0`,
    ),
  );
}
