import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { ManifestEntry } from '../domain/manifest.ts';
import { ARCHIVE_END, directoryHeader, fileHeader, padding } from './archive.ts';
import { FolderChanged, FolderUnreadable, codeOf, resized } from './folder.ts';
import type { FolderFile } from './folder.ts';
import type { OwnDisk } from './own-disk.ts';
import { Setback } from './setback.ts';

/** A write; each costs a packet and a wake-up. 256 KiB is where more brings nothing (STACK.md 3e). */
const PIECE_BYTES = 256 * 1024;
/** Files that are read before their turn, each at most a piece: latency of the disk hides behind the writing. */
const AHEAD_FILES = 32;

export type Write = (chunk: Uint8Array) => Promise<void>;

/** Gathers many small pieces into few large writes. */
export class Coalescer {
  readonly #write: Write;
  #buffer = Buffer.allocUnsafe(PIECE_BYTES);
  #used = 0;

  constructor(write: Write) {
    this.#write = write;
  }

  async add(chunk: Uint8Array): Promise<void> {
    let offset = 0;
    while (offset < chunk.length) {
      const length = Math.min(chunk.length - offset, PIECE_BYTES - this.#used);
      this.#buffer.set(chunk.subarray(offset, offset + length), this.#used);
      this.#used += length;
      offset += length;
      if (this.#used === PIECE_BYTES) await this.flush();
    }
  }

  async flush(): Promise<void> {
    if (this.#used === 0) return;
    const full = this.#buffer.subarray(0, this.#used);
    // a new one each time: the stream may still hold the old
    this.#buffer = Buffer.allocUnsafe(PIECE_BYTES);
    this.#used = 0;
    await this.#write(full);
  }
}

/** Reads files of a folder in order, hashing them on the way; each must have exactly the size it was listed with. */
export async function* readFiles(
  folder: string,
  files: readonly FolderFile[],
  disk: OwnDisk,
): AsyncGenerator<{
  readonly file: FolderFile;
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly sha256: () => string;
}> {
  const ahead: Promise<Buffer | null>[] = [];
  try {
    for (const [index, file] of files.entries()) {
      for (let next = index + ahead.length; next < Math.min(files.length, index + AHEAD_FILES); next++) {
        const loading = readSmall(folder, files[next]!, disk);
        // awaited when its turn comes; until then a failure is nobody's
        loading.catch(() => {});
        ahead.push(loading);
      }
      const small = await ahead.shift()!;
      const hash = createHash('sha256');
      const pieces = small === null ? readLarge(folder, file, disk) : [small];
      yield { file, pieces: hashed(pieces, hash), sha256: () => hash.digest('hex') };
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function* hashed(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}

async function readSmall(folder: string, file: FolderFile, disk: OwnDisk): Promise<Buffer | null> {
  if (file.sizeBytes > PIECE_BYTES) return null;
  // one byte more than expected, to see whether it grew
  const buffer = Buffer.allocUnsafe(file.sizeBytes + 1);
  const read = await disk.call(async () => {
    const handle = await openFile(folder, file);
    try {
      let filled = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, filled);
        if (bytesRead === 0) return filled;
        filled += bytesRead;
        if (filled === buffer.length) return (await handle.stat()).size;
      }
    } catch (error) {
      throw unreadableFile(folder, file, error);
    } finally {
      letGo(handle);
    }
  });
  if (read !== file.sizeBytes) throw resized(file.path, file.sizeBytes, read);
  return buffer.subarray(0, file.sizeBytes);
}

async function* readLarge(folder: string, file: FolderFile, disk: OwnDisk): AsyncGenerator<Uint8Array> {
  const handle = await disk.call(() => openFile(folder, file), { late: letGo });
  try {
    const readAt = async (position: number): Promise<Buffer> => {
      const buffer = Buffer.allocUnsafe(PIECE_BYTES);
      const { bytesRead } = await disk
        .call(() => handle.read(buffer, 0, PIECE_BYTES, position))
        .catch((error: unknown) => {
          throw unreadableFile(folder, file, error);
        });
      return buffer.subarray(0, bytesRead);
    };
    let position = 0;
    let next = readAt(0);
    for (;;) {
      const piece = await next;
      if (piece.length === 0) break;
      position += piece.length;
      if (position > file.sizeBytes)
        throw resized(file.path, file.sizeBytes, (await disk.call(() => handle.stat())).size);
      // the disk reads on while this piece is hashed and sent
      next = readAt(position);
      next.catch(() => {});
      yield piece;
    }
    if (position < file.sizeBytes) throw resized(file.path, file.sizeBytes, position);
  } finally {
    letGo(handle);
  }
}

/** Of a file that was only read: what a close could fail at is nobody's, and one that hangs is not waited for. */
function letGo(handle: FileHandle): void {
  handle.close().catch(() => {});
}

async function openFile(folder: string, file: FolderFile): Promise<FileHandle> {
  try {
    // it may have become a FIFO since, which nobody may ever write to
    return await open(join(folder, file.path), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadableFile(folder, file, error);
  }
}

function unreadableFile(folder: string, file: FolderFile, error: unknown): Error {
  if (error instanceof Setback || error instanceof FolderChanged || error instanceof FolderUnreadable) return error;
  if (codeOf(error) === 'ENOENT') return new FolderChanged(`${file.path} vanished while it was uploaded`);
  return new FolderUnreadable(
    `${join(folder, file.path)} cannot be read (${codeOf(error)}): make it readable for this user`,
  );
}

/** The archive of some files and directories below `inputs/`; returns their entries, hashed as they were sent. */
export async function packInputs(
  folder: string,
  files: readonly FolderFile[],
  emptyDirectories: readonly string[],
  out: Coalescer,
  disk: OwnDisk,
  onBytes: (sentBytes: number) => void,
): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  let sentBytes = 0;
  const newest = newestOf(files);
  await out.add(directoryHeader('inputs', newest));
  for (const path of emptyDirectories) await out.add(directoryHeader(`inputs/${path}`, newest));
  for await (const { file, pieces, sha256 } of readFiles(folder, files, disk)) {
    await out.add(fileHeader({ ...file, path: `inputs/${file.path}` }));
    for await (const piece of pieces) {
      await out.add(piece);
      sentBytes += piece.length;
      onBytes(sentBytes);
    }
    await out.add(padding(file.sizeBytes));
    entries.push({
      path: file.path,
      sizeBytes: file.sizeBytes,
      sha256: sha256(),
      executable: file.executable,
    });
  }
  return entries;
}

/** When the last change was made, seconds since 1970. */
function newestOf(files: readonly FolderFile[]): number {
  return files.reduce((newest, file) => Math.max(newest, file.modified), 0);
}

/** The last entry, without which the host's copy is not whole: `tar` takes an archive cut between two entries as good. */
export async function packManifest(text: string, files: readonly FolderFile[], out: Coalescer): Promise<void> {
  const content = Buffer.from(text);
  const modified = newestOf(files);
  await out.add(fileHeader({ path: 'manifest', sizeBytes: content.length, executable: false, modified }));
  await out.add(content);
  await out.add(padding(content.length));
  await out.add(ARCHIVE_END);
  await out.flush();
}
