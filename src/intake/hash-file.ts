import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import { atDisk } from './bounded.ts';
import { codeOf, isAbsence, isRefusal } from './directory.ts';
import type { SurveyedFile } from './survey.ts';

/** One read; SHA-256 of it holds the event loop for about half a millisecond (1.8 GB/s, STACK.md 3e). */
export const PIECE_BYTES = 1024 * 1024;

export type Hashed =
  | { readonly kind: 'hashed'; readonly sha256: string }
  /** It is not what the survey saw. */
  | { readonly kind: 'moving' }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'blind'; readonly code: string }
  | { readonly kind: 'stopped' };

/** `buffer` holds one piece; whoever hashes many files gives the same one each time. `onBytes` hears of each piece. */
export async function hashFile(
  file: SurveyedFile,
  buffer: Buffer,
  signal: AbortSignal,
  onBytes: (bytes: number) => void = () => {},
): Promise<Hashed> {
  let handle: FileHandle | null = null;
  try {
    // not followed, not waited for: it may have become a link or a FIFO since
    handle = await atDisk(() => open(file.real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
    return await readAll(handle, file, buffer, signal, onBytes);
  } catch (error) {
    const code = codeOf(error);
    if (isAbsence(code) || code === 'ELOOP' || code === 'ENXIO') return { kind: 'moving' };
    return { kind: isRefusal(code) ? 'refused' : 'blind', code };
  } finally {
    // nothing was written: what a close could fail at is nobody's
    if (handle !== null) await close(handle);
  }
}

/** The kernel may ask the file server on a close as well. */
function close(handle: FileHandle): Promise<void> {
  return atDisk(() => handle.close()).catch(() => {});
}

async function readAll(
  handle: FileHandle,
  file: SurveyedFile,
  buffer: Buffer,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<Hashed> {
  // asked of the open file: on NFS an open fetches the attributes anew, a stat may answer from a cache
  const stats = await atDisk(() => handle.stat({ bigint: true }));
  const same = stats.isFile() && stats.ino === file.ino && stats.mtimeNs === file.mtimeNs;
  if (!same || stats.size !== BigInt(file.sizeBytes)) return { kind: 'moving' };
  const hash = createHash('sha256');
  let position = 0;
  while (position < file.sizeBytes) {
    if (signal.aborted) return { kind: 'stopped' };
    const wanted = Math.min(buffer.length, file.sizeBytes - position);
    const { bytesRead } = await atDisk(() => handle.read(buffer, 0, wanted, position));
    if (bytesRead === 0) return { kind: 'moving' };
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
    onBytes(bytesRead);
  }
  return { kind: 'hashed', sha256: hash.digest('hex') };
}
