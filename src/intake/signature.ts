import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';

import { DISK_WIDTH, eachBounded } from './bounded.ts';
import { isAbsence, isRefusal, listNames, lstatOf } from './directory.ts';
import { decodeName } from './names.ts';
import type { TemporaryName } from './names.ts';

/** The most entries that a case may have: what a manifest of it costs in memory stays below half a gigabyte. */
export const MAX_ENTRIES = 1_000_000;
/** Entries whose stats are held at once. */
const BATCH_ENTRIES = 256;
/** Hex digits kept of a digest: 64 bits, against accidents. */
const DIGEST_DIGITS = 16;

/** Of a folder itself, by one lstat: another one after a re-drop, and after most edits of its first level. */
export function stampOf(stats: BigIntStats): string {
  return `${stats.ino}.${stats.mtimeNs}.${stats.ctimeNs}`;
}

/** Of everything below a folder, without reading a byte of content. Equal signatures: nothing was written in between. */
export interface Signature {
  readonly files: number;
  readonly sizeBytes: number;
  /** Nanoseconds since 1970. */
  readonly newestMtimeNs: bigint;
  /** Digest of names, kinds, sizes and modification times: a copy that keeps times has the same. */
  readonly shape: string;
  /** Digest of the change times, which no program can set: whatever was written, even of the same size, shows here. */
  readonly touch: string;
}

export function signatureText(signature: Signature): string {
  const { files, sizeBytes, newestMtimeNs, shape, touch } = signature;
  return `${files}/${sizeBytes}/${newestMtimeNs}/${shape}/${touch}`;
}

/** The part of a signature's text that survives a copy which keeps times (a restored backup, a move to a new disk). */
export function shapeText(text: string): string {
  return text.slice(0, text.lastIndexOf('/'));
}

/**
 * What a walk through a folder saw. `moving`: an entry went away meanwhile. `gone`: no folder has this name. `blind`: the
 * disk said no; nothing is known of the folder.
 */
export type Sight =
  | {
      readonly kind: 'seen';
      readonly signature: Signature;
      readonly stamp: string;
      /** Does it hold anything but directories and the marker? */
      readonly hasContent: boolean;
      /** A file that carries a temporary name, relative to the folder. */
      readonly temporary: string | null;
    }
  | { readonly kind: 'moving' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'blind'; readonly code: string }
  | { readonly kind: 'stopped' };

export interface SignOptions {
  readonly isTemporaryName: TemporaryName;
  /** A file of this name on the folder's first level is no content, whatever its name is. */
  readonly readyMarker: string | null;
  readonly signal: AbortSignal;
  /** How many reads of the disk go on at once; DISK_WIDTH unless given. */
  readonly width?: number;
}

/** Links are not followed: what they point to is either below the folder, and seen there, or will be rejected. */
export async function signFolder(folder: string, options: SignOptions): Promise<Sight> {
  const top = await lstatOf(folder);
  if (top.kind === 'blind') return top;
  if (top.kind === 'gone' || !top.stats.isDirectory()) return { kind: 'gone' };

  const tally = new Tally(options);
  tally.add('', top.stats);
  const open: { readonly relative: string; readonly stats: BigIntStats }[] = [{ relative: '', stats: top.stats }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { relative, stats } = next;
    let names: Buffer[];
    try {
      names = await listNames(relative === '' ? folder : `${folder}/${relative}`, stats, MAX_ENTRIES - tally.entries);
    } catch (error) {
      const code = String((error as NodeJS.ErrnoException).code);
      // the top was there a moment ago: whether it went away is for the next sample
      if (isAbsence(code)) return { kind: 'moving' };
      if (!isRefusal(code)) return { kind: 'blind', code };
      tally.refuse(relative, code);
      continue;
    }
    for (let from = 0; from < names.length; from += BATCH_ENTRIES) {
      if (options.signal.aborted) return { kind: 'stopped' };
      const batch = await statBatch(folder, relative, names.slice(from, from + BATCH_ENTRIES), tally, options.width);
      if (batch.kind !== 'done') return batch;
      open.push(...batch.directories);
    }
    // the survey rejects it; until then the signature of so many is as good as any
    if (tally.entries > MAX_ENTRIES) break;
  }
  return { kind: 'seen', stamp: stampOf(top.stats), ...tally.result() };
}

type Batch =
  | {
      readonly kind: 'done';
      readonly directories: readonly { readonly relative: string; readonly stats: BigIntStats }[];
    }
  | Extract<Sight, { kind: 'moving' | 'blind' }>;

async function statBatch(
  folder: string,
  parent: string,
  names: readonly Buffer[],
  tally: Tally,
  width = DISK_WIDTH,
): Promise<Batch> {
  const decoded = names.map(decodeName);
  const found = Array.from<Awaited<ReturnType<typeof lstatOf>> | null>({ length: names.length }).fill(null);
  await eachBounded(decoded, width, async (name, index) => {
    if (name !== null) found[index] = await lstatOf(`${folder}/${below(parent, name)}`);
  });
  const directories: { relative: string; stats: BigIntStats }[] = [];
  for (const [index, name] of decoded.entries()) {
    const one = found[index] ?? null;
    // rejected for its name, whatever it is
    if (name === null) tally.refuse(`${parent}/${names[index]!.toString('hex')}`, 'name');
    else if (one === null || one.kind === 'gone') return { kind: 'moving' };
    else if (one.kind === 'found') {
      tally.add(below(parent, name), one.stats);
      if (one.stats.isDirectory()) directories.push({ relative: below(parent, name), stats: one.stats });
    } else if (isRefusal(one.code)) tally.refuse(below(parent, name), one.code);
    else return one;
  }
  return { kind: 'done', directories };
}

export function below(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`;
}

class Tally {
  entries = 0;
  readonly #options: SignOptions;
  readonly #shape: Hash = createHash('sha256');
  readonly #touch: Hash = createHash('sha256');
  #files = 0;
  #sizeBytes = 0;
  #newestMtimeNs = 0n;
  #hasContent = false;
  #temporary: string | null = null;

  constructor(options: SignOptions) {
    this.#options = options;
  }

  add(relative: string, stats: BigIntStats): void {
    const isDirectory = stats.isDirectory();
    this.entries += 1;
    // a directory's own size depends on the file system
    const sizeBytes = isDirectory ? 0n : stats.size;
    // the kind, and whether it may be executed, are all that counts of the mode
    this.#shape.update(`${relative}\0${stats.mode & 0o170100n} ${sizeBytes} ${stats.mtimeNs}\n`);
    this.#touch.update(`${stats.ctimeNs}\n`);
    if (stats.mtimeNs > this.#newestMtimeNs) this.#newestMtimeNs = stats.mtimeNs;
    if (isDirectory) return;
    if (stats.isFile()) {
      this.#files += 1;
      this.#sizeBytes += Number(stats.size);
    }
    if (relative === this.#options.readyMarker) return;
    this.#hasContent = true;
    const name = relative.slice(relative.lastIndexOf('/') + 1);
    if (this.#temporary === null && this.#options.isTemporaryName(name)) this.#temporary = relative;
  }

  /** An entry that will be rejected; it counts, so that mending it is a change. */
  refuse(relative: string, code: string): void {
    this.entries += 1;
    this.#hasContent = true;
    this.#shape.update(`${relative}\0${code}\n`);
  }

  result(): { signature: Signature; hasContent: boolean; temporary: string | null } {
    return {
      signature: {
        files: this.#files,
        sizeBytes: this.#sizeBytes,
        newestMtimeNs: this.#newestMtimeNs,
        shape: this.#shape.digest('hex').slice(0, DIGEST_DIGITS),
        touch: this.#touch.digest('hex').slice(0, DIGEST_DIGITS),
      },
      hasContent: this.#hasContent,
      temporary: this.#temporary,
    };
  }
}
