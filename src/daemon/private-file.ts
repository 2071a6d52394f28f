import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';

/** Five hundred people with their tokens have less than half of it. */
const LARGEST_BYTES = 65_536;

/** Where systemd lays the credentials of its units. */
const CREDENTIALS = '/run/credentials/';

/**
 * The text of a file that only its owner can read, at most 64 KiB.
 * @throws when it is no regular file, others can read it, it is larger, or the system refuses; says which, and the repair
 */
export function readPrivateFile(path: string): string {
  // O_NONBLOCK: opening a FIFO would wait for its writer, and the whole thread with it
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error(`${path} is no regular file: put the secret into one, and name that`);
    // 0o077: what its group and others may do
    const open = stat.mode & (isCredential(path) ? 0o037 : 0o077);
    if (open !== 0) throw new Error(`others can read ${path}: chmod 600 ${path}`);
    return readBounded(file, path);
  } finally {
    closeSync(file);
  }
}

/**
 * systemd gives a unit's user its credentials by an access control list, whose mask shows as the group's right to read
 * (0440): nobody else is in that list. Its folder is closed to all others.
 */
function isCredential(path: string): boolean {
  const real = realpathSync(path);
  if (real.startsWith(CREDENTIALS)) return true;
  const own = process.env['CREDENTIALS_DIRECTORY'] ?? '';
  return own !== '' && dirname(real) === realOrNull(own);
}

function realOrNull(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** Not up to the size that the system tells: a file may grow, and those of /proc tell none. */
function readBounded(file: number, path: string): string {
  const bytes = Buffer.alloc(LARGEST_BYTES + 1);
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(file, bytes, length, bytes.length - length, null);
    if (read === 0) return bytes.toString('utf8', 0, length);
    length += read;
  }
  throw new Error(`${path} is larger than ${LARGEST_BYTES / 1_024} KiB: it cannot be a file of secrets`);
}
