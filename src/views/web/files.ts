import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { Disk, FileSystem } from './disk.ts';

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
  /** Nothing is known of it: its disk does not answer. */
  readonly isUnanswered?: true;
}

/** Of a download, read at once. */
const PIECE_BYTES = 256 * 2 ** 10;

export function keyOf(path: string): string {
  return createHash('sha256').update(path).digest('base64url').slice(0, 16);
}

export interface OpenedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly body: ReadableStream<Uint8Array>;
}

/**
 * Opens a listed file, if it is one still: a regular file below its folder, and neither itself nor a folder on the way a
 * link to elsewhere. Null for anything else. Rejects when its disk does not answer.
 */
export async function openFile(disk: Disk, list: FileList, key: string): Promise<OpenedFile | null> {
  const file = list.files.find((candidate) => candidate.key === key);
  if (file === undefined) return null;
  const opened = await disk.read((fs) => openBelow(fs, list.folder, file.path), close);
  if (opened === null) return null;
  // no more than was there when it was opened: a file that grows is read to that point
  return { path: file.path, sizeBytes: opened.size, body: bytesOf(disk, opened) };
}

interface Opened {
  readonly handle: FileHandle;
  readonly size: number;
}

function close(opened: Opened | null): void {
  // of a file that was only read a close has nothing to say
  opened?.handle.close().catch(() => {});
}

/** Each piece in its turn: a disk that stands still ends the download. */
function bytesOf(disk: Disk, opened: Opened): ReadableStream<Uint8Array> {
  const { handle, size } = opened;
  let position = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const bytes = Buffer.alloc(Math.min(PIECE_BYTES, size - position));
        const read =
          bytes.length === 0
            ? 0
            : await disk.read(() => handle.read(bytes, 0, bytes.length, position).then(({ bytesRead }) => bytesRead));
        position += read;
        if (read > 0) return controller.enqueue(bytes.subarray(0, read));
        close(opened);
        controller.close();
      } catch (error) {
        close(opened);
        controller.error(error);
      }
    },
    cancel: () => close(opened),
  });
}

/** The last bytes of a text file of results. Rejects when its disk does not answer. */
export async function endOfFile(
  disk: Disk,
  list: FileList,
  path: string,
  mostBytes: number,
): Promise<{ readonly text: string; readonly from: number; readonly sizeBytes: number } | null> {
  if (!list.files.some((file) => file.path === path)) return null;
  return disk.read(async (fs) => {
    const opened = await openBelow(fs, list.folder, path);
    if (opened === null) return null;
    try {
      const { handle, size } = opened;
      const from = Math.max(0, size - mostBytes);
      const buffer = Buffer.alloc(size - from);
      const length = await readFully(handle, buffer, from);
      return { text: buffer.toString('utf8', 0, length), from, sizeBytes: size };
    } finally {
      close(opened);
    }
  });
}

async function readFully(handle: FileHandle, buffer: Buffer, from: number): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, from + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

async function openBelow(fs: FileSystem, folder: string, path: string): Promise<Opened | null> {
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) return null;
  let handle: FileHandle | null = null;
  try {
    const root = await fs.realpath(folder);
    // what is at the end of the path must not be a link, and what it lies in must be where it seems to be
    handle = await fs.open(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (found.isFile() && (await fs.realpath(join(root, path))) === join(root, path))
      return { handle, size: found.size };
  } catch {
    // gone, or not for us: there is no such file
  }
  await handle?.close();
  return null;
}
