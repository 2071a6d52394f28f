import type { BigIntStats } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { DISK_WIDTH, atDisk, eachBounded } from './bounded.ts';
import { codeOf, isAbsence, listNames, lstatOf, specialKind } from './directory.ts';
import type { LogIntake } from './event.ts';
import { decodeName, isHidden, printable } from './names.ts';
import type { TemporaryName } from './names.ts';
import { below, stampOf } from './signature.ts';

/** Entries of the watched directory that one scan takes in; what is beyond is not read, and said. */
export const MAX_LISTED = 200_000;

export interface Listed {
  readonly path: string;
  /** Below the watched directory, parts joined by `/`. */
  readonly name: string;
  readonly stamp: string;
}

/** Something where only folders belong. */
export interface Stray extends Listed {
  readonly reason: string;
}

export type Scan =
  | {
      readonly kind: 'listed';
      readonly folders: readonly Listed[];
      readonly strays: readonly Stray[];
      /** Folders above the candidates that could not be read: what is in them is unknown, not gone. */
      readonly hidden: readonly { readonly name: string; readonly code: string }[];
      readonly crowded: boolean;
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'blind'; readonly reason: string }
  | { readonly kind: 'stopped' };

export interface ScanOptions {
  readonly root: string;
  /** How many levels below the root the candidates lie. */
  readonly depth: number;
  readonly isTemporaryName: TemporaryName;
  readonly signal: AbortSignal;
}

export type Root =
  | { readonly kind: 'found'; readonly identity: string; readonly stats: BigIntStats }
  | { readonly kind: 'missing' }
  | { readonly kind: 'blind'; readonly reason: string };

/**
 * Which directory has the root's path now: a remount or a new one has another identity. The time of birth is part of it
 * because a directory made anew gets the old inode number more often than not.
 */
export async function rootIdentity(root: string): Promise<Root> {
  try {
    const stats = await atDisk(() => stat(root, { bigint: true }));
    if (!stats.isDirectory()) return { kind: 'blind', reason: 'it is not a directory' };
    return { kind: 'found', identity: `${stats.dev}.${stats.ino}.${stats.birthtimeNs}`, stats };
  } catch (error) {
    const code = codeOf(error);
    return isAbsence(code) ? { kind: 'missing' } : { kind: 'blind', reason: code };
  }
}

/** Makes the watched directory where there is none, and says so. */
export async function createRoot(root: string, log: LogIntake): Promise<void> {
  if ((await lstatOf(root)).kind !== 'gone') return;
  try {
    // not its parents: a disk that is not mounted must not be papered over
    await atDisk(() => mkdir(root));
    log({ level: 'warn', event: 'intake.root_created', path: root, message: `made ${root}: it was not there` });
  } catch (error) {
    // the rescan tells that it is missing
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** The truth about which folders are there: one `readdir` a level, one `lstat` an entry. */
export async function scanRoot(options: ScanOptions): Promise<Scan> {
  const root = await rootIdentity(options.root);
  if (root.kind !== 'found') return root;
  const walk = new Walk(options);
  try {
    await walk.directory('', root.stats, 1);
  } catch (error) {
    // `directory` itself keeps the errors of all levels but the root's
    const code = codeOf(error);
    return isAbsence(code) ? { kind: 'missing' } : { kind: 'blind', reason: code };
  }
  return options.signal.aborted ? { kind: 'stopped' } : walk.result();
}

class Walk {
  readonly #options: ScanOptions;
  readonly #folders: Listed[] = [];
  readonly #strays: Stray[] = [];
  readonly #hidden: { name: string; code: string }[] = [];
  #seen = 0;
  #crowded = false;

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  async directory(parent: string, stats: BigIntStats, level: number): Promise<void> {
    const room = MAX_LISTED - this.#seen;
    const names = await listNames(join(this.#options.root, parent), stats, room);
    if (names.length > room) {
      this.#crowded = true;
      names.length = room;
    }
    this.#seen += names.length;
    const parents: { readonly name: string; readonly stats: BigIntStats }[] = [];
    await eachBounded(names, DISK_WIDTH, async (bytes) => {
      const found = await this.#entry(parent, bytes, level);
      if (found !== null) parents.push(found);
    });
    for (const { name, stats: own } of parents) {
      if (this.#options.signal.aborted) return;
      await this.directory(name, own, level + 1).catch((error: unknown) => this.#hide(name, codeOf(error)));
    }
  }

  /** Returns a folder that is only a parent of candidates. */
  async #entry(
    parent: string,
    bytes: Buffer,
    level: number,
  ): Promise<{ readonly name: string; readonly stats: BigIntStats } | null> {
    if (this.#options.signal.aborted) return null;
    const base = decodeName(bytes);
    if (base === null) {
      const name = below(parent, printable(bytes));
      // no folder has a path with two slashes, so this key cannot hide a real one
      const path = `${join(this.#options.root, parent)}//${printable(bytes)}`;
      this.#strays.push({ path, name, stamp: '', reason: 'its name is not valid UTF-8: rename it' });
      return null;
    }
    if (isHidden(base) || this.#options.isTemporaryName(base)) return null;
    const name = below(parent, base);
    const path = join(this.#options.root, parent, base);
    const found = await lstatOf(path);
    if (found.kind === 'gone') return null;
    if (found.kind === 'blind') {
      this.#hide(name, found.code);
      return null;
    }
    const listed = { path, name, stamp: stampOf(found.stats) };
    if (!found.stats.isDirectory()) this.#strays.push({ ...listed, reason: strayReason(found.stats) });
    else if (level === this.#options.depth) this.#folders.push(listed);
    else return { name, stats: found.stats };
    return null;
  }

  #hide(name: string, code: string): void {
    if (!isAbsence(code)) this.#hidden.push({ name, code });
  }

  result(): Scan {
    return {
      kind: 'listed',
      folders: this.#folders,
      strays: this.#strays,
      hidden: this.#hidden,
      crowded: this.#crowded,
    };
  }
}

export function strayReason(stats: BigIntStats): string {
  const what = stats.isSymbolicLink() ? 'a symbolic link' : (specialKind(stats) ?? 'a file');
  return `${what}, not a folder: only folders become cases`;
}
