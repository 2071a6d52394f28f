import { quote, quotePath } from './quote.ts';
import type { OutputFile } from './outputs.ts';
import { callsOf, script } from './script.ts';

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
export function lookScript(place: AttemptPlace): Buffer {
  return bytes(
    script(
      `attempts=${attemptsWord(place)}; token=${quote(place.token)}`,
      // a root that is not mounted must not look like an attempt that left nothing
      `if [ ! -d "$attempts" ]; then echo no-root; exit 0; fi`,
      // ls says why, where the shell's own words may not
      `cd "$attempts" || { ls "$attempts/." >/dev/null; exit 1; }`,
      `if ! said=$(ls -d "./$token/." 2>&1); then`,
      `  case $said in *'o such file'*) echo absent; exit 0 ;; *) echo "$said" >&2; exit 1 ;; esac`,
      `fi`,
      `cd "./$token" || { ls "./$token/." >/dev/null; exit 1; }`,
      `for log in stdout stderr; do`,
      `  if [ -f $log ]; then echo "$log $(($(wc -c <$log)))"; fi`,
      `done`,
      `if [ -f outputs ]; then echo 'outputs'; cat outputs; else echo 'no-outputs'; fi`,
    ),
  );
}

export type Look =
  | { readonly kind: 'no_root' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly logs: readonly OutputFile[]; readonly outputs: Buffer | null };

export function parseLook(answer: Buffer): Look | null {
  const logs: OutputFile[] = [];
  let offset = 0;
  for (;;) {
    const newline = answer.indexOf('\n', offset);
    if (newline === -1) return null;
    const line = answer.toString('latin1', offset, newline);
    offset = newline + 1;
    if (line === 'no-root') return { kind: 'no_root' };
    if (line === 'absent') return { kind: 'absent' };
    if (line === 'no-outputs') return { kind: 'present', logs, outputs: null };
    if (line === 'outputs') return { kind: 'present', logs, outputs: answer.subarray(offset) };
    const log = /^(stdout|stderr) (\d+)$/.exec(line);
    if (log === null) return null;
    logs.push({ path: log[1]!, sizeBytes: Number(log[2]) });
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
 * that is not there is left out; what came is judged by the sums that are asked for afterwards. The GNU format keeps
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
