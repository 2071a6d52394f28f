import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';

import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';

/** What an operator's backup is: one consistent file. */
function backUp(site: Site): void {
  const sqlite = new Sqlite(site.database);
  sqlite.prepare('vacuum into ?').run(join(site.folder, 'backup.db'));
  sqlite.close();
}

function restore(site: Site): void {
  for (const tail of ['', '-wal', '-shm']) rmSync(`${site.database}${tail}`, { force: true });
  copyFileSync(join(site.folder, 'backup.db'), site.database);
}

async function stopped(daemon: ReturnType<Site['start']>): Promise<void> {
  daemon.kill('SIGTERM');
  await daemon.exited;
}

const WAITS = (site: Site): string =>
  `until [ -e '${site.folder}/go' ]; do sleep 0.05; done; mkdir -p output; echo dose > output/data`;

test('a database from before the case was known: its job that still runs is not submitted again, and can be adopted', async () => {
  const site = createSite();
  await stopped(await started(site));
  backUp(site);

  site.drop('case', site.counting('case', WAITS(site)));
  const first = site.start();
  await site.in('case', 'executing');
  first.kill('SIGKILL');
  await first.exited;
  restore(site);

  site.start();
  const orphan = await site.until('the orphan is found', () =>
    site.slots().find((slot) => slot.state === 'quarantined'),
  );
  expect(orphan.reason).toContain('may still run');
  const held = await site.in('case', 'waiting');
  await site.until('it is listed', () => site.attempts('case').some((attempt) => attempt.orphan !== null));
  expect(held.token).toBe(null);
  expect(await site.order({ kind: 'retry', caseId: held.id, limitMs: null })).toMatchObject({
    outcome: 'refused',
    message: expect.stringContaining('adopt'),
  });

  expect(await site.order({ kind: 'adopt', caseId: held.id, token: null })).toMatchObject({ outcome: 'done' });
  await site.in('case', 'executing');
  expect(site.slots()).toMatchObject([{ state: 'leased', caseId: held.id }]);
  writeFileSync(join(site.folder, 'go'), '');
  expect((await site.final('case')).state).toBe('completed');
  expect(site.runs('case')).toBe(1);
  expect(existsSync(join(site.results, 'case', 'attempt-1', 'output', 'data'))).toBe(true);
  expect(site.slots()).toMatchObject([{ state: 'free' }]);
});

test('a database from before the case was known: its job that has ended is not run again, and is adopted with its results', async () => {
  const site = createSite();
  await stopped(await started(site));
  backUp(site);
  site.drop('case', site.counting('case', 'mkdir -p output; echo dose > output/data'));
  const first = site.start();
  expect((await site.final('case')).state).toBe('completed');
  await stopped(first);
  restore(site);
  rmSync(join(site.results, 'case'), { recursive: true });

  site.start();
  await site.until('the orphan is known', () =>
    site.attempts('case').some((attempt) => attempt.orphan !== null && attempt.proof === 'gone'),
  );
  const held = site.caseOf('case');
  expect(held.state).toBe('submitted');
  expect(await site.order({ kind: 'adopt', caseId: held.id, token: null })).toMatchObject({ outcome: 'done' });
  expect((await site.final('case')).state).toBe('completed');
  expect(existsSync(join(site.results, 'case', 'attempt-1', 'output', 'data'))).toBe(true);
  expect(site.runs('case')).toBe(1);
});

test('a database from before the attempt was submitted: what ran since is not submitted again, and is adopted', async () => {
  const site = createSite();
  site.drop('case', site.counting('case', 'mkdir -p output; echo dose > output/data'));
  await site.start({ failPoints: 'commit.after.host.assigned=kill' }).exited;
  backUp(site);
  const second = site.start();
  expect((await site.final('case')).state).toBe('completed');
  await stopped(second);
  const ran = site.attempts('case')[0]!.token;
  restore(site);
  rmSync(join(site.results, 'case'), { recursive: true });

  site.start();
  await site.until('it is held back', () => site.attempts('case').some((attempt) => attempt.orphan !== null));
  const held = site.caseOf('case');
  expect(held.state).toBe('submitted');
  expect(await site.order({ kind: 'adopt', caseId: held.id, token: null })).toMatchObject({ outcome: 'done' });
  const over = await site.final('case');
  expect(over).toMatchObject({ state: 'completed', token: ran });
  expect(existsSync(join(site.results, 'case', 'attempt-1', 'output', 'data'))).toBe(true);
  expect(site.runs('case')).toBe(1);
});

/** A daemon that has made its database and seen its host. */
async function started(site: Site): Promise<ReturnType<Site['start']>> {
  const daemon = site.start();
  await site.until('online', () => daemon.log().includes('is online'));
  return daemon;
}
