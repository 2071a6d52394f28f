import picomatch from 'picomatch';

import type { CollectGlob } from './transport.ts';

/** A file of the attempt's directory. */
export interface OutputFile {
  /** Relative to the directory; a character for each byte: names on the host need not be UTF-8. */
  readonly path: string;
  /** Null where nobody wrote it down. */
  readonly sizeBytes: number | null;
}

/** What a path is called in our own records and messages. */
export function readable(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

/**
 * The receipt `outputs`: `SIZE ./PATH` and a NUL for each file. An empty one is a list of nothing (the job flushed it
 * before it wrote its end); null for anything that is not such a list.
 */
export function parseOutputs(bytes: Buffer): OutputFile[] | null {
  const files: OutputFile[] = [];
  const records = bytes.toString('latin1').split('\0');
  if (records.pop() !== '') return null;
  for (const record of records) {
    const match = /^(\d{1,15}) \.\/(.+)$/s.exec(record);
    if (match === null || !isInside(match[2]!)) return null;
    files.push({ path: match[2]!, sizeBytes: Number(match[1]) });
  }
  return files;
}

/** The same list made by looking, where the job was killed before it could write one: `./PATH` and a NUL each. */
export function parseFound(bytes: Buffer): OutputFile[] | null {
  const records = bytes.toString('latin1').split('\0');
  if (records.pop() !== '') return null;
  const paths = records.map((record) => record.replace(/^\.\//, ''));
  if (!paths.every(isInside)) return null;
  return paths.filter((path) => !isControlFile(path)).map((path) => ({ path, sizeBytes: null }));
}

function isInside(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** What lies in an attempt's directory beside the work of its job (scheduler/job-script). */
function isControlFile(path: string): boolean {
  return /^(inputs\/.*|manifest|job\.sh|slot|claim|outputs|end|stdout|stderr|(claim|outputs|end)\..*)$/s.test(path);
}

export interface Selection {
  readonly wanted: readonly OutputFile[];
  /** Required globs that match nothing. */
  readonly missingGlobs: readonly string[];
}

export function selectOutputs(files: readonly OutputFile[], globs: readonly CollectGlob[]): Selection {
  const matched = new Set<OutputFile>();
  const missingGlobs: string[] = [];
  const named = files.map((file) => ({ file, name: readable(file.path) }));
  for (const { glob, optional } of globs) {
    // `s`: a name may hold a newline
    const matches = picomatch(glob.replace(/^\.\//, ''), { dot: true, flags: 's' });
    const found = named.filter(({ name }) => matches(name));
    if (found.length === 0 && !optional) missingGlobs.push(glob);
    for (const { file } of found) matched.add(file);
  }
  return { wanted: files.filter((file) => matched.has(file)), missingGlobs };
}
