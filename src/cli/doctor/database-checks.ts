import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

import { checkDatabase } from '../../store/database-check.ts';
import { refuseNetworkFileSystem } from '../../store/file-system.ts';
import { daemonOf } from '../../store/lock.ts';
import { isThere, refuseDenied } from '../../store/store-error.ts';
import { fail, ok, warn } from './check.ts';
import type { Check, Finding } from './check.ts';
import { writable } from './folder-checks.ts';

export function databaseChecks(database: string): readonly Check[] {
  return [
    { name: 'database', run: () => whole(database) },
    { name: 'database folder', run: () => folder(database) },
    { name: 'daemon', run: () => daemon(database) },
  ];
}

function whole(database: string): Finding {
  if (!isThere(database)) return ok(`${database}, made by the daemon when it starts`);
  const problems = checkDatabase(database, false);
  return problems.length === 0
    ? ok(database)
    : fail(`${database} is damaged: ${problems[0]}`, 'mqi db check, then restore a backup');
}

function folder(database: string): Finding {
  const path = dirname(database);
  // the daemon's own folder must not be taken from it by whoever looks
  refuseDenied(database);
  if (existsSync(path)) refuseNetworkFileSystem(path);
  return writable(path);
}

function daemon(database: string): Finding {
  if (!isThere(database)) return warn('none has run yet', 'mqi run');
  const state = daemonOf(database);
  if (!state.running) return warn('none is running: nothing moves', 'mqi run');
  const { holder } = state;
  return ok(holder === null ? 'running' : `running, pid ${holder.pid} on ${holder.host} since ${holder.since}`);
}
