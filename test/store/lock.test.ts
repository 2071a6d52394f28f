import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { daemonOf, lockDaemon } from '../../src/store/lock.ts';
import { tempFolder } from './temp.ts';

test('a second daemon on the same database is refused, and told who holds it', () => {
  const database = join(tempFolder(), 'var', 'mqi.db');
  const lock = lockDaemon(database, 0);
  expect(() => lockDaemon(database, 0)).toThrow(new RegExp(`pid ${process.pid}`));
  expect(daemonOf(database)).toEqual({ running: true, holder: expect.objectContaining({ pid: process.pid }) });
  lock.release();
  expect(daemonOf(database)).toEqual({ running: false });
  lockDaemon(database, 0).release();
});

test('the lock is freed by SIGKILL', async () => {
  const database = join(tempFolder(), 'mqi.db');
  const holder = spawn(
    process.execPath,
    [
      '-e',
      `const Sqlite = require('better-sqlite3'); new Sqlite(process.argv[1]).exec('BEGIN EXCLUSIVE'); console.log('held'); setInterval(() => {}, 1000);`,
      `${database}.lock`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(holder.stdout, 'data');
  expect(daemonOf(database).running).toBe(true);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(daemonOf(database).running).toBe(false);
});
