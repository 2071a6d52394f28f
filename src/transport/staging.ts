import { posix } from 'node:path';

import type { ManifestEntry } from '../domain/manifest.ts';
import { SAY_SPACE, spaceSaid } from './host-space.ts';
import type { HostSpace } from './host-space.ts';
import { quote, quotePath } from './quote.ts';
import { DEFINE_ABSENT, DEFINE_SUMS, UNREADABLE, callsOf, script } from './script.ts';

/**
 * The host's side of an upload, as scripts.
 *
 *     ROOT/staging/TOKEN/RUN/TOKEN/{inputs/ manifest}    what one run of the upload unpacks
 *     ROOT/staging/TOKEN/RUN/over                        no tar writes into it any more
 *     ROOT/staging/TOKEN/RUN/taken                       a later run took what it had
 *     ROOT/staging/TOKEN/RUN/{old,live}-OTHER            what an earlier run had, set aside to be taken over
 *     ROOT/attempts/TOKEN/{inputs/ manifest}             RUN/TOKEN, verified and renamed
 *
 * A remote command outlives its connection, so an old tar, an old check or an old rename may still be at work when the
 * next run begins, and two runs may even be alive at once. Therefore:
 *
 * - Each run has a directory of its own, with an unguessable name; only its own tar writes there.
 * - A later run first renames the directory of an earlier one away. From then on the earlier run cannot become the
 *   attempt, however late its own check and rename come: they go by its path. So nothing is ever taken out of a
 *   directory that may be (or become) the attempt.
 * - From a directory in which no tar writes (`over`) files are moved; from another they are copied: the old tar may
 *   still hold the old file open, never the copy.
 * - Whatever was taken over is hashed again before the rename, together with all the rest.
 * - The rename is `mv RUN/TOKEN attempts/`, which ends as rename(2) onto attempts/TOKEN. The kernel refuses that for a
 *   directory that is not empty: there is no moment between a question and a move, and nothing is moved *inside* it.
 *
 * `manifest` is `manifestText` (domain/manifest) to the byte, so that its own SHA-256 is the fingerprint of the case:
 * lines of JSON, in which a name with a newline, a quote or a backslash is escaped.
 */
export interface StagingPlace {
  readonly root: string;
  readonly token: string;
  readonly run: string;
}

/** A directory with files of an earlier run, relative to ROOT/staging/TOKEN. */
export interface Source {
  readonly how: 'mv' | 'cp';
  readonly directory: string;
}

export function stagingWord({ root, token }: StagingPlace): string {
  return quotePath(root, 'staging', token);
}

function manifestWord({ root, token }: StagingPlace): string {
  return quotePath(root, 'attempts', token, 'manifest');
}

/** Answers `sent`, or makes the directory of the run, names what earlier runs left, and says how much room there is. */
export function prepareScript(place: StagingPlace): string {
  return script(
    `token=${quote(place.token)}; run=${quote(place.run)}; staging=${stagingWord(place)}`,
    DEFINE_ABSENT,
    `if [ -f ${manifestWord(place)} ]; then echo sent; exit 0; fi`,
    // one that may not be looked up may well have been sent
    `absent ${manifestWord(place)} || [ -z "$said" ] || { echo "$said" >&2; exit 1; }`,
    `command -v tar >/dev/null 2>&1 || { echo no-tar; exit 0; }`,
    // a run that has just committed clears the directory above: then it is sent, or there is room again
    `mkdir -p "$staging/$run/$token/inputs" 2>/dev/null || { if [ -f ${manifestWord(place)} ]; then echo sent; exit 0; fi; mkdir -p "$staging/$run/$token/inputs" || exit 1; }`,
    `cd "$staging" || exit 1`,
    `for old in *; do`,
    `  if [ "$old" = "$run" ] || [ ! -d "$old" ]; then continue; fi`,
    `  : >"$old/taken"`,
    // set aside by a run that was cut off before it took them over
    `  for aside in "$old"/old-* "$old"/live-*; do`,
    `    if [ -d "$aside" ] && mv "$aside" "$run/" 2>/dev/null; then`,
    `      name=\${aside##*/}`,
    `      case $name in old-*) echo "mv $run/$name" ;; *) echo "cp $run/$name" ;; esac`,
    `    fi`,
    `  done`,
    `  if [ ! -d "$old/$token" ]; then continue; fi`,
    // asked before the rename: a mark that comes later only means a copy that was not needed
    `  if [ -f "$old/over" ]; then how=mv aside=$run/old-$old; else how=cp aside=$run/live-$old; fi`,
    `  if mv "$old/$token" "$aside" 2>/dev/null; then echo "$how $aside"; fi`,
    `  if [ $how = mv ]; then rm -rf "$old"; fi`,
    `done`,
    SAY_SPACE,
    `echo ready`,
  );
}

export type Prepared =
  | { readonly kind: 'sent' }
  | { readonly kind: 'no_tar' }
  | { readonly kind: 'ready'; readonly sources: readonly Source[]; readonly space: HostSpace | null };

export function parsePrepared(text: string): Prepared | null {
  const lines = text.trimEnd().split('\n');
  if (lines[0] === 'sent') return { kind: 'sent' };
  if (lines[0] === 'no-tar') return { kind: 'no_tar' };
  if (lines.pop() !== 'ready') return null;
  return {
    kind: 'ready',
    space: spaceSaid(lines),
    sources: lines.flatMap((line) => {
      const match = /^(mv|cp) ([^ ]+)$/.exec(line);
      return match === null ? [] : [{ how: match[1] as 'mv' | 'cp', directory: match[2]! }];
    }),
  };
}

/** The `inputs/` of a source, as a shell word. */
export function sourceInputs(place: StagingPlace, source: Source): string {
  return quotePath(place.root, 'staging', place.token, source.directory, 'inputs');
}

/** Takes whole files of an earlier run over. */
export function takeScript(place: StagingPlace, source: Source, entries: readonly ManifestEntry[]): string {
  const directories = new Map<string, ManifestEntry[]>();
  for (const entry of entries) {
    const directory = posix.dirname(entry.path);
    const siblings = directories.get(directory);
    if (siblings === undefined) directories.set(directory, [entry]);
    else siblings.push(entry);
  }
  const chmod = (mode: string, wanted: boolean): string[] =>
    callsOf(entries.filter((entry) => entry.executable === wanted).map(weightless)).map(
      (call) => `chmod ${mode} ${call.words} || exit 1`,
    );
  return script(
    `cd ${sourceInputs(place, source)} || { echo 'No such file' >&2; exit 1; }`,
    `inputs=${quotePath(place.root, 'staging', place.token, place.run, place.token, 'inputs')}`,
    // old files of tar may be read-only; the modes are made right before they move
    ...chmod('u+x', true),
    ...chmod('a-x', false),
    source.how === 'mv'
      ? `take() { to=$1; shift; mv -f "$@" "$to" || exit 1; }`
      : `take() { to=$1; shift; cp -p "$@" "$to" && rm -f "$@" || exit 1; }`,
    ...[...directories].flatMap(([directory, siblings]) => [
      `mkdir -p "$inputs"/${quote(directory)} || exit 1`,
      ...callsOf(siblings.map(weightless)).map((call) => `take "$inputs"/${quote(`${directory}/`)} ${call.words}`),
    ]),
    `cd /`,
    // a tar that still writes there fails then, and nobody waits for it
    `rm -rf ${quotePath(place.root, 'staging', place.token, source.directory)}`,
    `echo done`,
  );
}

/** Nothing is read of them here, so their size does not cut a call. */
function weightless(entry: ManifestEntry): { path: string; sizeBytes: number } {
  return { path: entry.path, sizeBytes: 0 };
}

/** Unpacks what comes on standard input; `-o`: whoever unpacks a file owns it, root too. */
export function unpackCommand(place: StagingPlace): string {
  const run = quotePath(place.root, 'staging', place.token, place.run);
  return [
    `LC_ALL=C; export LC_ALL; run=${run}`,
    `cd "$run"/${quote(place.token)} || { echo taken; exit 1; }`,
    `tar -x -o -f -; code=$?; : >"$run/over"; exit $code`,
  ].join('\n');
}

/** More files than this are flushed by flushing their whole file system: an fsync is a seek each. */
const FLUSH_FILES = 100;

/** Compares every file with the manifest, flushes, and renames. */
export function commitScript(
  place: StagingPlace,
  entries: readonly ManifestEntry[],
  emptyDirectories: readonly string[],
  fingerprint: string,
): string {
  const sumOf = new Map(entries.map((entry) => [`inputs/${entry.path}`, entry.sha256]));
  sumOf.set('manifest', fingerprint);
  const files = [
    ...entries.map((entry) => ({ path: `inputs/${entry.path}`, sizeBytes: entry.sizeBytes })),
    { path: 'manifest', sizeBytes: 0 },
  ];
  const directories = new Set(['.', 'inputs', ...emptyDirectories.map((path) => `inputs/${path}`)]);
  for (const path of [...files.map((file) => file.path), ...directories]) {
    for (let up = posix.dirname(path); up !== '.'; up = posix.dirname(up)) directories.add(up);
  }
  const all = [...files.map((file) => file.path), ...directories];
  const flush =
    all.length > FLUSH_FILES
      ? `flush -f .`
      : callsOf(all.map((path) => ({ path, sizeBytes: 0 })))
          .map((call) => `flush ${call.words}`)
          .join('\n');
  return script(
    `token=${quote(place.token)}; staging=${stagingWord(place)}; attempts=${quotePath(place.root, 'attempts')}`,
    `cd "$staging/${place.run}/$token" || { echo taken; exit 0; }`,
    DEFINE_SUMS,
    `good=1`,
    `check() {`,
    `  call=$1; want=$2; shift 2; got=$("$@")`,
    `  if [ "$got" = "$want" ]; then echo checked`,
    `  else good=0; echo "differs $call" $got; fi`,
    `}`,
    ...callsOf(files).map((call, index) => {
      const want = call.files.map((file) => sumOf.get(file.path)!).join('\n');
      return `check ${index} '${want}' ${call.exotic ? 'one' : 'sums'} ${call.words}`;
    }),
    `found=$(($(find . -exec sh -c 'for file do printf x; done' sh {} + | wc -c)))`,
    `if [ "$found" -ne ${all.length} ]; then echo "extra $found"; good=0; fi`,
    `if [ $good = 0 ]; then exit 0; fi`,
    `flush() {`,
    `  said=$(sync "$@" 2>&1) && return`,
    // a sync that takes no files is no error; a disk that refuses is
    `  case $said in *'put error'*|*'o space'*|*'uota'*) echo "$said" >&2; exit 1 ;; *) sync ;; esac`,
    `}`,
    flush,
    `echo flushed`,
    `mkdir -p "$attempts" || exit 1`,
    `disk() { df -P "$1" 2>/dev/null | tail -n 1 | sed 's/.* //'; }`,
    `run=$staging/${place.run}/$token`,
    // mv would copy then, and a copy can be cut in the middle; of a directory that was swept away nothing is known
    `if [ "$(disk .)" != "$(disk "$attempts")" ]; then`,
    `  if [ -d "$run" ]; then echo two-disks; else echo taken; fi`,
    `  exit 0`,
    `fi`,
    `mv "$run" "$attempts/" || { if [ ! -d "$run" ]; then echo taken; exit 0; fi; exit 1; }`,
    // it may have been made just now
    `flush "$attempts" "$attempts/.."`,
    `echo sent`,
    `cd / && rm -rf "$staging"`,
    `exit 0`,
  );
}

export type Committed =
  | { readonly kind: 'sent' }
  | { readonly kind: 'no_sums' }
  | { readonly kind: 'two_disks' }
  /** A later run has taken it all over. */
  | { readonly kind: 'taken' }
  /** A file that was just written, and that the host cannot read. */
  | { readonly kind: 'unreadable'; readonly path: string }
  /** Paths of files that arrived wrong; empty when there is something that should not be there. */
  | { readonly kind: 'wrong'; readonly paths: readonly string[] };

export function parseCommitted(text: string, entries: readonly ManifestEntry[]): Committed | null {
  const lines = text.trimEnd().split('\n');
  if (lines[0] === 'no-sums') return { kind: 'no_sums' };
  if (lines.includes('taken')) return { kind: 'taken' };
  if (lines.includes('sent')) return { kind: 'sent' };
  if (lines.includes('two-disks')) return { kind: 'two_disks' };
  const calls = callsOf([
    ...entries.map((entry) => ({ path: `inputs/${entry.path}`, sizeBytes: entry.sizeBytes })),
    { path: 'manifest', sizeBytes: 0 },
  ]);
  const sumOf = new Map(entries.map((entry) => [`inputs/${entry.path}`, entry.sha256]));
  const differing = lines.flatMap((line) => {
    const [word, index, ...got] = line.split(' ');
    const call = word === 'differs' ? calls[Number(index)] : undefined;
    return (call?.files ?? []).flatMap(({ path }, at) => (sumOf.get(path) === got[at] ? [] : [{ path, got: got[at] }]));
  });
  const unreadable = differing.find(({ got }) => got === UNREADABLE);
  if (unreadable !== undefined) return { kind: 'unreadable', path: unreadable.path };
  const wrong = differing.map(({ path }) => path);
  if (wrong.length > 0 || lines.some((line) => line.startsWith('extra '))) return { kind: 'wrong', paths: wrong };
  return null;
}
