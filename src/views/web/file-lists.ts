import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { join } from 'node:path';

import type { Clock } from '../../domain/clock.ts';
import { resultsFolder } from '../results.ts';
import { ANSWER_MS, UnansweredError } from './disk.ts';
import type { Disks, FileSystem } from './disk.ts';
import { keyOf } from './files.ts';
import type { CaseFile, FileList } from './files.ts';

/** A page of more is read by nobody; what is not listed is in the folder. */
const MOST_FILES = 1_000;
/** Of a manifest; at some 150 bytes a file, 100,000 files. */
const LARGEST_MANIFEST_BYTES = 16 * 2 ** 20;
/** Folders below the case's own that are looked into. */
const MOST_FOLDERS = 200;

/** A folder that many ask for is read this often at most; results are read anew when their manifest is another one. */
const FRESH_MS = 10_000;
const MOST_KEPT = 50;

/** Lists of files that are remembered for a while. A folder that cannot be read is a trouble, and never an error. */
export interface FileLists {
  readonly results: (results: string, caseName: string, attempt: number) => Promise<FileList | null>;
  readonly inputs: (folder: string) => Promise<FileList>;
}

export function createFileLists(disks: Disks, clock: Clock): FileLists {
  const results = createMemory<FileList | null>();
  const inputs = createMemory<FileList>();
  return {
    results(above, caseName, attempt) {
      const folder = resultsFolder(above, caseName, attempt);
      const manifest = join(folder, 'manifest.json');
      return results.recall(manifest, {
        stamp: () => disks.results.read((fs) => stampOf(fs, manifest)),
        make: () => disks.results.read((fs) => resultFiles(fs, folder, manifest)),
        otherwise: (error) => unreadable(folder, error),
      });
    },
    inputs: (folder) =>
      inputs.recall(folder, {
        stamp: () => Promise.resolve(String(Math.floor(clock.monotonic() / FRESH_MS))),
        make: () => disks.inputs.read((fs) => inputFiles(fs, folder, clock)),
        otherwise: (error) => unreadable(folder, error),
      }),
  };
}

interface Recalled<T> {
  /** Another one whenever what is remembered is out of date. */
  readonly stamp: () => Promise<string>;
  readonly make: () => Promise<T>;
  readonly otherwise: (error: unknown) => T;
}

/** However many ask at once, it is made once; what could not be made is not remembered. */
function createMemory<T>(): { recall(key: string, of: Recalled<T>): Promise<T> } {
  const kept = new Map<string, { readonly stamp: string; readonly value: T }>();
  const underWay = new Map<string, Promise<T>>();
  const recall = async (key: string, { stamp, make, otherwise }: Recalled<T>): Promise<T> => {
    try {
      const now = await stamp();
      const known = kept.get(key);
      const entry = known?.stamp === now ? known : { stamp: now, value: await make() };
      kept.delete(key);
      kept.set(key, entry);
      if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
      return entry.value;
    } catch (error) {
      return otherwise(error);
    } finally {
      underWay.delete(key);
    }
  };
  return {
    recall(key, of) {
      const begun = underWay.get(key) ?? recall(key, of);
      underWay.set(key, begun);
      return begun;
    },
  };
}

function unreadable(folder: string, error: unknown): FileList {
  const list = { folder, files: [], isCut: false, trouble: reasonOf(error) };
  return error instanceof UnansweredError ? { ...list, isUnanswered: true } : list;
}

async function stampOf(fs: FileSystem, manifest: string): Promise<string> {
  const found = await statsOf(fs, manifest);
  return found === null ? '' : `${found.ino} ${found.mtimeNs} ${found.size}`;
}

/** Null: there is nothing. */
async function statsOf(fs: FileSystem, path: string): Promise<BigIntStats | null> {
  try {
    return await fs.lstat(path, { bigint: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

/** What was collected of an attempt, as the manifest of its results has it; null: nothing was. */
async function resultFiles(fs: FileSystem, folder: string, manifest: string): Promise<FileList | null> {
  const found = await statsOf(fs, manifest);
  if (found === null) return null;
  try {
    const all = parseManifest(await readSmall(fs, manifest, found));
    return { folder, files: all.slice(0, MOST_FILES), isCut: all.length > MOST_FILES, trouble: null };
  } catch (error) {
    return unreadable(folder, error);
  }
}

/** What lies in the folder of a case now: regular files only, and never through a link. */
async function inputFiles(fs: FileSystem, folder: string, clock: Clock): Promise<FileList> {
  const files: CaseFile[] = [];
  const folders = [''];
  const begunAt = clock.monotonic();
  let isCut = false;
  try {
    for (let seen = 0; seen < folders.length && !isCut; seen += 1) {
      const below = folders[seen]!;
      const entries = await fs.readdir(join(folder, below), { withFileTypes: true });
      for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        const path = below === '' ? entry.name : `${below}/${entry.name}`;
        if (entry.isDirectory() && folders.length < MOST_FOLDERS) folders.push(path);
        else if (entry.isDirectory() || files.length >= MOST_FILES) isCut = true;
        else if (entry.isFile()) {
          // nobody waits for it any more: the next one who asks has his turn
          if (clock.monotonic() - begunAt >= ANSWER_MS) throw new Error('it answers too slowly');
          const sizeBytes = Number((await statsOf(fs, join(folder, path)))?.size ?? 0);
          files.push({ key: keyOf(path), path, sizeBytes });
        }
      }
    }
    return { folder, files, isCut, trouble: null };
  } catch (error) {
    return { folder, files, isCut, trouble: reasonOf(error) };
  }
}

async function readSmall(fs: FileSystem, path: string, found: BigIntStats): Promise<string> {
  if (!found.isFile() || found.size > LARGEST_MANIFEST_BYTES) throw new Error(`${path} is no manifest of ours`);
  const handle = await fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function parseManifest(text: string): CaseFile[] {
  const value = JSON.parse(text) as { readonly files?: unknown };
  const files: readonly unknown[] = Array.isArray(value.files) ? value.files : [];
  return files.flatMap((file) => {
    if (typeof file !== 'object' || file === null || !('path' in file) || typeof file.path !== 'string') return [];
    const sizeBytes = 'sizeBytes' in file && typeof file.sizeBytes === 'number' ? file.sizeBytes : 0;
    return [{ key: keyOf(file.path), path: file.path, sizeBytes }];
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
