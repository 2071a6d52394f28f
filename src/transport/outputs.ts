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
 * One record of the receipt `outputs`: `SIZE ./PATH`. An empty receipt is a list of nothing (the job flushed it before it
 * wrote its end). Null for anything that is not such a record.
 */
export function listedFile(record: string): OutputFile | null {
  const match = /^(\d{1,15}) \.\/(.+)$/s.exec(record);
  return match === null || !isInside(match[2]!) ? null : { path: match[2]!, sizeBytes: Number(match[1]) };
}

/** The same of the list made by a search, where the job was killed before it could write one: `./PATH`. */
export function foundFile(record: string): OutputFile | null {
  const path = record.replace(/^\.\//, '');
  return isInside(path) ? { path, sizeBytes: null } : null;
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

/** No path is as long, with its size before it. */
const LONGEST_RECORD_BYTES = 64 * 1024;

/** A file in memory, and in a manifest, beside its path. */
const FILE_BYTES = 150;

/** What is wanted of one attempt at most, in memory: about a million files of short names. */
const MOST_WANTED_BYTES = 192 * 2 ** 20;

/**
 * Reads a list of outputs as it comes, records that end with a NUL, and keeps what a glob wants: a list may be longer than
 * anybody has memory for.
 */
export class OutputsReader {
  readonly #read: (record: string) => OutputFile | null;
  readonly #globs: readonly {
    readonly glob: string;
    readonly optional: boolean;
    readonly matches: (name: string) => boolean;
  }[];
  readonly #found = new Set<string>();
  readonly #wanted: OutputFile[] = [];
  #wantedBytes = 0;
  #rest = '';
  #isGarbled = false;

  constructor(read: (record: string) => OutputFile | null, globs: readonly CollectGlob[]) {
    this.#read = read;
    this.#globs = globs.map(({ glob, optional }) => ({
      glob,
      optional,
      // `s`: a name may hold a newline
      matches: picomatch(glob.replace(/^\.\//, ''), { dot: true, flags: 's' }),
    }));
  }

  add(bytes: Buffer): void {
    if (this.#isGarbled) return;
    const records = `${this.#rest}${bytes.toString('latin1')}`.split('\0');
    this.#rest = records.pop()!;
    if (this.#rest.length > LONGEST_RECORD_BYTES) this.#isGarbled = true;
    for (const record of records) {
      const file = this.#read(record);
      if (file === null) this.#isGarbled = true;
      else if (!isControlFile(file.path)) this.#choose(file);
    }
  }

  #choose(file: OutputFile): void {
    const name = readable(file.path);
    const matching = this.#globs.filter(({ matches }) => matches(name));
    if (matching.length === 0) return;
    for (const { glob } of matching) this.#found.add(glob);
    this.#wantedBytes += file.path.length + FILE_BYTES;
    // beyond that nobody reads them any more
    if (!this.#isTooMuch()) this.#wanted.push(file);
  }

  #isTooMuch(): boolean {
    return this.#wantedBytes > MOST_WANTED_BYTES;
  }

  /** After the last byte. Null: that was no such list. */
  end(): Selection | { readonly tooMany: number } | null {
    if (this.#isGarbled || this.#rest !== '') return null;
    if (this.#isTooMuch()) return { tooMany: this.#wanted.length };
    const missing = this.#globs.filter(({ glob, optional }) => !optional && !this.#found.has(glob));
    return { wanted: this.#wanted, missingGlobs: missing.map(({ glob }) => glob) };
  }
}

/** Of names that go to the host in one script, and whose sums come back in one answer. */
const BATCH_BYTES = 4 * 2 ** 20;

/** Cuts a long list into parts that a shell and an answer can hold, in the same order. */
export function batchesOf(files: readonly OutputFile[]): OutputFile[][] {
  const batches: OutputFile[][] = [];
  let room = 0;
  for (const file of files) {
    const bytes = file.path.length + FILE_BYTES;
    if (bytes > room) {
      batches.push([]);
      room = BATCH_BYTES;
    }
    batches.at(-1)!.push(file);
    room -= bytes;
  }
  return batches;
}
