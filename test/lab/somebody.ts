import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lchownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

/** `nobody`, on every system. */
const UID = 65_534;

export const isRoot = process.getuid?.() === 0;

const SETPRIV = '/usr/bin/setpriv';

/** What to put before a command so that an ordinary user runs it; nothing for who is one. */
export const asSomebody: readonly string[] = isRoot
  ? [SETPRIV, `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', '--']
  : [];

/** Why an ordinary user cannot run a program here; null when one can. */
export function cannotRun(program: string): string | null {
  if (!isRoot) return null;
  if (!existsSync(SETPRIV)) return 'setpriv is missing (util-linux)';
  return spawnSync(SETPRIV, [...asSomebody.slice(1), process.execPath, '--check', program]).status === 0
    ? null
    : `${program} is out of reach for an ordinary user`;
}

/** Gives a folder, and all that is in it, to that user. */
export function giveToSomebody(path: string): void {
  if (!isRoot) return;
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) lchownSync(path, UID, UID);
  else chownSync(path, UID, UID);
  if (stats.isDirectory()) for (const name of readdirSync(path)) giveToSomebody(join(path, name));
}

/** Takes every right of its owner away, until the test is over: what nobody may read, nobody can remove. */
export function makeUnreadable(path: string): void {
  chmodSync(path, 0);
  onTestFinished(() => chmodSync(path, 0o700));
}
