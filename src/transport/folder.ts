import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';

import type { OwnDisk } from './own-disk.ts';
import { Setback } from './setback.ts';

/** A file of a case folder as it lay there when the folder was listed. */
export interface FolderFile {
  /** Relative to the folder, parts joined by `/`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly executable: boolean;
  /** Seconds since 1970. */
  readonly modified: number;
}

export interface FolderListing {
  /** In the order of the manifest. */
  readonly files: readonly FolderFile[];
  readonly emptyDirectories: readonly string[];
}

/** The folder is not (any more) what was admitted; the message says what of it, for the person who put it there. */
export class FolderChanged extends Error {}

/** The folder as a whole cannot be read now: says nothing of its content. */
export class FolderUnreadable extends Error {}

/** There is no folder of this name: deleted, or its disk is not mounted. Who knows the watched folder can tell which. */
export class FolderMissing extends Error {}

/** Questions to the disk at the same time; a network disk answers each after a round trip. */
const ASKED_AT_ONCE = 32;

/**
 * Lists a case folder. Symbolic links that stay inside are followed; whatever else admission would have refused means
 * that the folder has changed since. The same entries, under the same paths, as `surveyFolder` of the intake: both make
 * the fingerprint.
 */
export async function listFolder(folder: string, disk: OwnDisk): Promise<FolderListing> {
  let top: string;
  try {
    top = await disk.call(() => realpath(folder));
  } catch (error) {
    if (error instanceof Setback) throw error;
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new FolderMissing(`the case folder ${folder} is not there: is its disk mounted?`);
    }
    throw new FolderUnreadable(`the case folder ${folder} cannot be read (${code}): is its disk mounted?`);
  }
  const walk = new Walk(folder, top, disk);
  await walk.directory('', top, [top]);
  walk.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return walk;
}

class Walk {
  readonly files: FolderFile[] = [];
  readonly emptyDirectories: string[] = [];
  readonly #folder: string;
  readonly #top: string;
  readonly #disk: OwnDisk;

  constructor(folder: string, top: string, disk: OwnDisk) {
    this.#folder = folder;
    this.#top = top;
    this.#disk = disk;
  }

  /** `real`: where the directory lies, no link on the way; `ancestors`: the real directories that lead here. */
  async directory(path: string, real: string, ancestors: readonly string[]): Promise<void> {
    const entries = await this.#ask(path, () => readdir(real, { withFileTypes: true }));
    if (entries.length === 0 && path !== '') this.emptyDirectories.push(path);
    const directories: { readonly path: string; readonly real: string }[] = [];
    for (let first = 0; first < entries.length; first += ASKED_AT_ONCE) {
      const asked = entries.slice(first, first + ASKED_AT_ONCE).map(async (entry) => {
        const below = path === '' ? entry.name : `${path}/${entry.name}`;
        const found = await this.#entry(below, `${real}${sep}${entry.name}`, entry.isSymbolicLink());
        if (found !== null) directories.push({ path: below, real: found });
      });
      await Promise.all(asked);
    }
    for (const below of directories) {
      if (ancestors.includes(below.real)) {
        throw new FolderChanged(`${below.path} is now a link to a directory that it lies in`);
      }
      await this.directory(below.path, below.real, [...ancestors, below.real]);
    }
  }

  /** Returns where a directory really lies; null for a file, which is noted. */
  async #entry(path: string, place: string, isLink: boolean): Promise<string | null> {
    const real = isLink ? await this.#ask(path, () => realpath(place)) : place;
    if (real !== this.#top && !real.startsWith(`${this.#top}${sep}`)) {
      throw new FolderChanged(`${path} is now a link that leaves the case folder`);
    }
    const found = await this.#ask(path, () => lstat(real));
    if (found.isDirectory()) return real;
    if (!found.isFile()) throw new FolderChanged(`${path} is now neither a file nor a directory`);
    const { size, mode, mtimeMs } = found;
    this.files.push({ path, sizeBytes: size, executable: (mode & 0o100) !== 0, modified: mtimeMs / 1000 });
    return null;
  }

  async #ask<T>(path: string, question: () => Promise<T>): Promise<T> {
    try {
      return await this.#disk.call(question);
    } catch (error) {
      if (error instanceof Setback) throw error;
      throw unreadable(this.#folder, path, error);
    }
  }
}

/** A name that went away was changed by somebody; any other error is the disk's. */
function unreadable(folder: string, path: string, error: unknown): Error {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') {
    return new FolderChanged(`${path === '' ? folder : path} vanished, or is a link to nothing`);
  }
  return new FolderUnreadable(`${join(folder, path)} cannot be read (${code}): make it readable for this user`);
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/** Says what is different now; for a folder that was packed while somebody was still writing into it. */
export function assertSameListing(before: FolderListing, after: FolderListing): void {
  const sizes = new Map(after.files.map((file) => [file.path, file.sizeBytes]));
  for (const { path, sizeBytes } of before.files) {
    const now = sizes.get(path);
    if (now === undefined) throw new FolderChanged(`${path} vanished while it was uploaded`);
    if (now !== sizeBytes) throw resized(path, sizeBytes, now);
    sizes.delete(path);
  }
  for (const path of sizes.keys()) throw new FolderChanged(`${path} appeared while the folder was uploaded`);
  const gone = new Set(before.emptyDirectories);
  for (const path of after.emptyDirectories) gone.delete(path);
  for (const path of gone) throw new FolderChanged(`the empty directory ${path} changed while it was uploaded`);
}

export function resized(path: string, before: number, now: number): FolderChanged {
  return new FolderChanged(`${path} ${now < before ? 'shrank' : 'grew'} from ${before} to ${now} bytes meanwhile`);
}

/** Compares the content with what was admitted; only the newest file can be named, for only a hash was kept. */
export function notAsAdmitted(folder: string, { files }: FolderListing): FolderChanged {
  const newest = files.reduce<FolderFile | null>((a, b) => (a === null || b.modified > a.modified ? b : a), null);
  const hint = newest === null ? 'it holds no file any more' : `the file changed last is ${newest.path}`;
  return new FolderChanged(`${folder} does not hold what was admitted: ${hint}`);
}
