import { createHash } from 'node:crypto';
import {
  createReadStream,
  constants,
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readdirSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import type { Clock } from '../../domain/clock.ts';
import { resultsFolder } from '../results.ts';

/** A file that may be shown or downloaded. Its key is all that an address says of it: no path ever comes from there. */
export interface CaseFile {
  readonly key: string;
  /** Below its folder, parts joined by `/`. */
  readonly path: string;
  readonly sizeBytes: number;
}

export interface FileList {
  readonly folder: string;
  readonly files: readonly CaseFile[];
  /** There are more than are listed. */
  readonly isCut: boolean;
  /** Why nothing can be listed; null when it can. */
  readonly trouble: string | null;
}

/** A page of more is read by nobody; what is not listed is in the folder. */
const MOST_FILES = 1_000;
/** Of a manifest; at some 150 bytes a file, 100,000 files. */
const LARGEST_MANIFEST_BYTES = 16 * 2 ** 20;
/** Folders below the case's own that are looked into. */
const MOST_FOLDERS = 200;

/** A folder that many look at is read this often at most; results are read anew when their manifest is another one. */
const FRESH_MS = 10_000;
const MOST_KEPT = 50;

/** Lists of files that are remembered for a while. */
export interface FileLists {
  readonly results: (results: string, caseName: string, attempt: number) => FileList | null;
  readonly inputs: (folder: string) => FileList;
}

export function createFileLists(clock: Clock): FileLists {
  const remember = <T>(): ((key: string, stamp: string, make: () => T) => T) => {
    const kept = new Map<string, { readonly stamp: string; readonly value: T }>();
    return (key, stamp, make) => {
      const known = kept.get(key);
      const entry = known?.stamp === stamp ? known : { stamp, value: make() };
      kept.delete(key);
      kept.set(key, entry);
      if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
      return entry.value;
    };
  };
  const results = remember<FileList | null>();
  const inputs = remember<FileList>();
  return {
    results(folder, caseName, attempt) {
      const manifest = join(resultsFolder(folder, caseName, attempt), 'manifest.json');
      const found = lstatSync(manifest, { throwIfNoEntry: false, bigint: true });
      const stamp = found === undefined ? '' : `${found.ino} ${found.mtimeNs} ${found.size}`;
      return results(manifest, stamp, () => resultFiles(folder, caseName, attempt));
    },
    inputs: (folder) => inputs(folder, String(Math.floor(clock.monotonic() / FRESH_MS)), () => inputFiles(folder)),
  };
}

export function keyOf(path: string): string {
  return createHash('sha256').update(path).digest('base64url').slice(0, 16);
}

/** What was collected of an attempt, as the manifest of its results has it; null: nothing was. */
function resultFiles(results: string, caseName: string, attempt: number): FileList | null {
  const folder = resultsFolder(results, caseName, attempt);
  try {
    const text = readSmall(join(folder, 'manifest.json'));
    if (text === null) return null;
    const all = parseManifest(text);
    return { folder, files: all.slice(0, MOST_FILES), isCut: all.length > MOST_FILES, trouble: null };
  } catch (error) {
    return { folder, files: [], isCut: false, trouble: reasonOf(error) };
  }
}

/** What lies in the folder of a case now: regular files only, and never through a link. */
function inputFiles(folder: string): FileList {
  const files: CaseFile[] = [];
  const folders = [''];
  let isCut = false;
  try {
    for (let seen = 0; seen < folders.length && !isCut; seen += 1) {
      const below = folders[seen]!;
      const entries = readdirSync(join(folder, below), { withFileTypes: true });
      for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        const path = below === '' ? entry.name : `${below}/${entry.name}`;
        if (entry.isDirectory() && folders.length < MOST_FOLDERS) folders.push(path);
        else if (entry.isDirectory() || files.length >= MOST_FILES) isCut = true;
        else if (entry.isFile()) {
          const sizeBytes = lstatSync(join(folder, path), { throwIfNoEntry: false })?.size ?? 0;
          files.push({ key: keyOf(path), path, sizeBytes });
        }
      }
    }
    return { folder, files, isCut, trouble: null };
  } catch (error) {
    return { folder, files, isCut, trouble: reasonOf(error) };
  }
}

export interface OpenedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly body: ReadableStream<Uint8Array>;
}

/**
 * Opens a listed file, if it is one still: a regular file below its folder, and neither itself nor a folder on the way a
 * link to elsewhere. Null for anything else.
 */
export function openFile(list: FileList, key: string): OpenedFile | null {
  const file = list.files.find((candidate) => candidate.key === key);
  if (file === undefined) return null;
  const fd = openBelow(list.folder, file.path);
  if (fd === null) return null;
  const { size } = fstatSync(fd);
  // no more than was there when it was opened: a file that grows is read to that point
  if (size === 0) {
    closeSync(fd);
    return { path: file.path, sizeBytes: 0, body: new Blob([]).stream() };
  }
  const stream = createReadStream('', { fd, start: 0, end: size - 1 });
  return { path: file.path, sizeBytes: size, body: Readable.toWeb(stream) as ReadableStream<Uint8Array> };
}

/** The last bytes of a text file of results. */
export function endOfFile(
  list: FileList,
  path: string,
  mostBytes: number,
): { readonly text: string; readonly from: number; readonly sizeBytes: number } | null {
  if (!list.files.some((file) => file.path === path)) return null;
  const fd = openBelow(list.folder, path);
  if (fd === null) return null;
  try {
    const { size } = fstatSync(fd);
    const from = Math.max(0, size - mostBytes);
    const buffer = Buffer.alloc(size - from);
    const length = readFully(fd, buffer, from);
    return { text: buffer.toString('utf8', 0, length), from, sizeBytes: size };
  } finally {
    closeSync(fd);
  }
}

function readFully(fd: number, buffer: Buffer, from: number): number {
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(fd, buffer, length, buffer.length - length, from + length);
    if (read === 0) break;
    length += read;
  }
  return length;
}

function openBelow(folder: string, path: string): number | null {
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) return null;
  let fd: number | null = null;
  try {
    const root = realpathSync(folder);
    // what is at the end of the path must not be a link, and what it lies in must be where it seems to be
    fd = openSync(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (fstatSync(fd).isFile() && realpathSync(join(root, path)) === join(root, path)) return fd;
    closeSync(fd);
    return null;
  } catch {
    if (fd !== null) closeSync(fd);
    return null;
  }
}

function readSmall(path: string): string | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (!found.isFile() || found.size > LARGEST_MANIFEST_BYTES) throw new Error(`${path} is no manifest of ours`);
  return readFileSync(path, 'utf8');
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
