import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import type { Config } from '../../config/config.ts';
import { fail, ok, reasonOf } from './check.ts';
import type { Check, Finding } from './check.ts';
import { shellWord } from '../shell-word.ts';

export function folderChecks(config: Config): readonly Check[] {
  return [
    { name: 'watched folder', run: () => watched(config) },
    { name: 'results folder', run: () => writable(config.results) },
  ];
}

/** The first start makes it, but not what it lies in; later, one that is missing is rather a disk that is not mounted. */
function watched({ watch: { path }, database }: Config): Finding {
  if (!existsSync(path)) {
    if (!existsSync(database) && existsSync(dirname(path))) return makeable(path);
    return fail(
      `${path} is not there (not mounted?)`,
      `ls -ld ${shellWord(dirname(path))}, or mkdir -p ${shellWord(path)}`,
    );
  }
  if (!statSync(path).isDirectory()) return fail(`${path} is not a folder`, 'mqi config check');
  try {
    accessSync(path, constants.R_OK | constants.X_OK);
    return ok(`${path}, ${readdirSync(path).length} entries`);
  } catch (error) {
    return fail(`${path} cannot be read: ${reasonOf(error)}`, `ls -ld ${shellWord(path)}`);
  }
}

/** What the daemon will do there, in a folder of its own that is gone again afterwards. */
export function writable(path: string): Finding {
  if (!existsSync(path)) return makeable(path);
  return tryIn(path, (folder) => {
    writeFileSync(join(folder, 'a'), 'mqi doctor\n');
    renameSync(join(folder, 'a'), join(folder, 'b'));
  });
}

function tryIn(path: string, work: (folder: string) => void): Finding {
  let folder: string | null = null;
  try {
    folder = mkdtempSync(join(path, '.mqi-doctor-'));
    work(folder);
    rmSync(folder, { recursive: true });
    return ok(path);
  } catch (error) {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
    const code = (error as NodeJS.ErrnoException).code;
    const repair =
      code === 'ENOSPC' || code === 'EDQUOT'
        ? `df -h ${shellWord(path)}, and make room`
        : code === 'EPERM' || code === 'ENOTSUP' || code === 'EXDEV'
          ? 'choose a folder on a file system with hard links'
          : `chown -R $(id -un) ${shellWord(path)}`;
    return fail(`${path} cannot be used: ${reasonOf(error)}`, repair);
  }
}

/** The daemon makes what is missing; whether it can is told by what is there. */
function makeable(path: string): Finding {
  let above = dirname(path);
  while (!existsSync(above)) above = dirname(above);
  try {
    accessSync(above, constants.W_OK | constants.X_OK);
    return statSync(above).isDirectory()
      ? ok(`${path}, made by the daemon when it starts`)
      : fail(`${path} cannot be made: ${above} is not a folder`, 'mqi config check');
  } catch (error) {
    return fail(
      `${path} is not there and cannot be made: ${reasonOf(error)}`,
      `sudo install -d -o $(id -un) ${shellWord(path)}`,
    );
  }
}
