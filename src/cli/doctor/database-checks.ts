import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Config } from '../../config/config.ts';
import type { Clock } from '../../domain/clock.ts';
import { formatDuration } from '../../domain/duration.ts';
import { checkDatabase } from '../../store/database-check.ts';
import { refuseNetworkFileSystem } from '../../store/file-system.ts';
import { daemonOf } from '../../store/lock.ts';
import { openReader, openStore } from '../../store/open.ts';
import { lastSignOfLife, listHosts } from '../../store/queries.ts';
import { isThere, refuseDenied } from '../../store/store-error.ts';
import { SILENCE, rhythmsOf, silentMs } from '../../views/silence.ts';
import { fail, ok, warn } from './check.ts';
import type { Check, Finding } from './check.ts';
import { writable } from './folder-checks.ts';

export function databaseChecks(config: Config, clock: Clock): readonly Check[] {
  const { database } = config;
  return [
    { name: 'database', run: () => whole(database) },
    { name: 'database folder', run: () => folder(database) },
    { name: 'daemon', run: () => daemon(config, clock.now()) },
  ];
}

function whole(database: string): Finding {
  if (!isThere(database)) {
    // nothing else has tried SQLite yet
    openStore(':memory:').close();
    return ok(`${database}, made by the daemon when it starts`);
  }
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

function daemon({ database, hosts }: Config, nowMs: number): Finding {
  if (!isThere(database)) return warn('none has run yet', 'mqi run');
  const state = daemonOf(database);
  if (!state.running) return warn('none is running: nothing moves', 'mqi run');
  const silence = silenceIn(database, hosts, nowMs);
  // it holds its lock, but is stopped, or stuck
  if (silence !== null) return fail(`${SILENCE.what}: no sign of it for ${formatDuration(silence)}`, SILENCE.next);
  const { holder } = state;
  return ok(holder === null ? 'running' : `running, pid ${holder.pid} on ${holder.host} since ${holder.since}`);
}

function silenceIn(database: string, hosts: Config['hosts'], nowMs: number): number | null {
  const reader = openReader(database);
  try {
    return silentMs(listHosts(reader.db), rhythmsOf(hosts), lastSignOfLife(reader.db), nowMs);
  } finally {
    reader.close();
  }
}
