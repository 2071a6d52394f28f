import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';

/** Who may not do what with which file, and the command that gets it done all the same. */
export interface Denial {
  readonly message: string;
  readonly next: string;
}

/** Is there a file? Where a folder on the way may not be entered nobody can know: that is no *no*. */
export function presenceOf(path: string): 'present' | 'absent' | Denial {
  try {
    statSync(path);
    return 'present';
  } catch (error) {
    return codeOf(error) === 'EACCES' ? denialOf(closedFolder(path), 'enter') : 'absent';
  }
}

/** Null when this user may read the file. */
export function readingDenied(path: string): Denial | null {
  if (mayNot(path, constants.R_OK)) return denialOf(path, 'read');
  return null;
}

/** Null when it is not for want of rights that SQLite cannot write to the database, or beside it. */
export function writingDenied(path: string): Denial | null {
  const presence = presenceOf(path);
  if (typeof presence === 'object') return presence;
  if (presence === 'present') {
    if (mayNot(path, constants.R_OK)) return denialOf(path, 'read');
    if (mayNot(path, constants.W_OK)) return denialOf(path, 'write');
  }
  return mayNot(dirname(path), constants.W_OK) ? denialOf(dirname(path), 'write in') : null;
}

function mayNot(path: string, right: number): boolean {
  try {
    accessSync(path, right);
    return false;
  } catch (error) {
    return codeOf(error) === 'EACCES';
  }
}

/** The nearest folder on the way that can still be asked for its owner: what lies in it cannot. */
function closedFolder(path: string): string {
  const folder = dirname(path);
  try {
    statSync(folder);
    return folder;
  } catch {
    return folder === path ? path : closedFolder(folder);
  }
}

/** While no daemon runs, SQLite reads a database only for who may write beside it: its index of the log is made anew. */
function denialOf(path: string, what: 'read' | 'write' | 'enter' | 'write in'): Denial {
  const { uid, gid, mode } = statSync(path);
  const owner = nameOf('/etc/passwd', uid);
  const group = nameOf('/etc/group', gid);
  const rights = (mode & 0o777).toString(8).padStart(3, '0');
  const groupNeeds = { read: 0o040, enter: 0o010, write: 0o020, 'write in': 0o020 }[what];
  const join =
    group === null || (mode & groupNeeds) === 0 ? '' : `, or once: sudo usermod -aG ${group} ${me()}, and log in anew`;
  return {
    message: `${path} belongs to ${owner ?? `uid ${uid}`} (group ${group ?? gid}, mode ${rights}): the user ${me()} may not ${what} it`,
    next: `the same command as its owner: sudo -u ${owner ?? `'#${uid}'`} mqi …${join}`,
  };
}

/** As the local files name a user or group; those of a directory service stay numbers, which sudo takes too. */
function nameOf(file: string, id: number): string | null {
  try {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const [name, , number] = line.split(':');
      if (number === String(id)) return name ?? null;
    }
  } catch {
    // then nobody knows a name
  }
  return null;
}

function me(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}
