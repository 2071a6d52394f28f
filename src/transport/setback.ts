/**
 * Something that ends a transfer in the middle. `blind`: we could not see. `blocked`: an operator mends it. `failed`: a
 * try, for nobody knows better. The message is for a person.
 */
export class Setback extends Error {
  readonly kind: 'blind' | 'blocked' | 'failed';

  constructor(kind: Setback['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** There is no room on the host: what this transfer has put there is to be taken away again. */
export class NoRoom extends Setback {
  constructor(message: string) {
    super('blocked', message);
  }
}

export function garbled(what: string): Setback {
  return new Setback('blind', `${what}: the host gave an answer that cannot be read`);
}

export function noTar(): Setback {
  return new Setback(
    'blocked',
    'tar is missing on the host: install it, or put it on the PATH of non-interactive shells',
  );
}

export function noSums(): Setback {
  return new Setback('blocked', 'the host has neither openssl nor sha256sum: install one of them');
}

/** What a command on the host complained of, in English (scripts set LC_ALL=C). */
export function hostTrouble(what: string, root: string, exitCode: number, stderr: string): Setback {
  const said = lastLines(stderr) || `exit code ${exitCode}`;
  const blocked = (why: string): Setback => new Setback('blocked', `${why} (${what}: ${said})`);
  if (isDiskFull(stderr)) {
    return new NoRoom(
      `the disk of the host is full below ${root}, or a quota is reached: free some space there (${what}: ${said})`,
    );
  }
  if (/permission denied|operation not permitted|read-only file system/i.test(stderr)) {
    return blocked(
      `the host does not let this user read or write below ${root}: change its owner or mode there, or mount it rw`,
    );
  }
  if (/not a directory|is a directory/i.test(stderr)) {
    return blocked(`a file is in the way where the host needs a directory below ${root}: move it away`);
  }
  if (/input\/output error|stale file handle|transport endpoint/i.test(stderr)) {
    return blocked(`the disk of the host below ${root} has errors: have it repaired or mounted anew`);
  }
  if (exitCode === 127 || /command not found|: not found/i.test(stderr)) {
    return blocked(`a program is missing on the host: install it, or put it on the PATH of non-interactive shells`);
  }
  return new Setback('failed', `${what} failed on the host: ${said}`);
}

export function isDiskFull(stderr: string): boolean {
  return /no space left on device|quota exceeded/i.test(stderr);
}

/** What the disk of this machine complained of while results were written below `path`. */
export function localTrouble(path: string, error: unknown): Setback {
  return new Setback('blocked', localReason(path, error));
}

function localReason(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const said = error instanceof Error ? error.message : String(error);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `the disk of ${path} is full, or a quota is reached: free some space there (${said})`;
    case 'EACCES':
    case 'EPERM':
      return `${path} may not be written by this user: change its owner or mode (${said})`;
    case 'EROFS':
      return `${path} lies on a read-only file system: mount it writable (${said})`;
    case 'ENOENT':
    case 'ENOTDIR':
      return `${path} is not there, or something else is in its place: make the folder, or mount its disk (${said})`;
    case 'ENAMETOOLONG':
      return `the path of a result is longer than this machine takes: let the job use shorter names, or results a shorter path (${said})`;
    case 'EMFILE':
    case 'ENFILE':
      return `too many open files: raise the limit of the daemon (LimitNOFILE) (${said})`;
    default:
      return `${path} cannot be written: ${said}`;
  }
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join(' | ').slice(-500);
}
