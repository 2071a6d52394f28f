import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';

import { readHosts } from '../../src/store/hosts.ts';
import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';

const COPIES = 'mkdir -p output && cp inputs/data output/data';

async function stopped(daemon: ReturnType<Site['start']>): Promise<void> {
  daemon.kill('SIGTERM');
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
}

test('a second daemon on the same database is refused, names the first by its pid, and does not disturb it', async () => {
  const site = createSite();
  const first = site.start();
  await site.until('online', () => first.log().includes('is online'));
  const second = site.start();
  expect(await second.exited).toEqual({ code: 75, signal: null });
  await second.says(`pid ${first.child.pid}`);
  await second.says('already works on');
  site.drop('case', site.counting('case', COPIES), { data: 'dose' });
  expect((await site.final('case')).state).toBe('completed');
  expect(site.runs('case')).toBe(1);
});

test('the lock of a daemon that was killed is free at once', async () => {
  const site = createSite();
  const first = site.start();
  await site.until('online', () => first.log().includes('is online'));
  first.kill('SIGKILL');
  await first.exited;
  const second = site.start();
  await site.until('the next one works', () => second.log().includes('is online'));
});

test('a host root of another installation: unreachable with a reason that names the owner and the command, until an operator takes it over', async () => {
  const theirs = createSite();
  const before = theirs.start();
  await theirs.until('online', () => before.log().includes('is online'));
  await stopped(before);
  const owner = readFileSync(join(theirs.root, 'owner'), 'utf8').trim();

  const ours = createSite({ host: { root: theirs.root } });
  ours.drop('case', ours.counting('case', COPIES), { data: 'dose' });
  ours.start();
  const host = await ours.until('the host is unreachable', (from) =>
    readHosts(from.db).find((row) => row.state === 'offline'),
  );
  expect(host.reason).toContain(`another installation, "${owner}"`);
  expect(host.reason).toContain('mqi hosts takeover here');
  const waits = await ours.in('case', 'waiting');
  const why = await ours.mqi('why', waits.id);
  expect(why.out).toContain('another installation');
  expect(readFileSync(join(theirs.root, 'owner'), 'utf8').trim()).toBe(owner);
  expect(readdirSync(join(theirs.root, 'attempts'))).toEqual([]);

  expect(await ours.order({ kind: 'takeover', host: 'here' })).toMatchObject({ outcome: 'done' });
  expect((await ours.final('case')).state).toBe('completed');
  expect(ours.runs('case')).toBe(1);

  // and the one that was there first sees that it is there no more
  theirs.start();
  const lost = await theirs.until('theirs is unreachable', (from) =>
    readHosts(from.db).find((row) => row.state === 'offline'),
  );
  expect(lost.reason).toContain('mqi hosts takeover here');
});

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** A database that a daemon of this version made, and closed. */
async function used(site: Site): Promise<void> {
  const daemon = site.start();
  await site.until('online', () => daemon.log().includes('is online'));
  await stopped(daemon);
}

function alter(site: Site, change: (sqlite: InstanceType<typeof Sqlite>) => void): void {
  const sqlite = new Sqlite(site.database);
  change(sqlite);
  sqlite.pragma('wal_checkpoint(TRUNCATE)');
  sqlite.close();
}

const REFUSED: readonly (readonly [string, string, (site: Site) => Promise<void>])[] = [
  [
    'no database at all',
    'corrupt, or no database',
    (site) => Promise.resolve(writeFileSync(site.database, 'not a database, but notes of a physicist\n')),
  ],
  [
    'of another program',
    'not one of mqi',
    (site) => {
      alter(site, (sqlite) => sqlite.exec('create table notes (text); insert into notes values (1)'));
      return Promise.resolve();
    },
  ],
  [
    'of a newer version',
    'newer version',
    async (site) => {
      await used(site);
      alter(site, (sqlite) =>
        sqlite.exec(`insert into __drizzle_migrations (hash, created_at) values ('later', 9000000000000)`),
      );
    },
  ],
  [
    'damaged in its first page',
    'corrupt',
    async (site) => {
      await used(site);
      const bytes = readFileSync(site.database);
      bytes.fill(0xff, 100, 4_096);
      writeFileSync(site.database, bytes);
    },
  ],
  [
    'cut in the middle',
    'damaged|corrupt|malformed',
    async (site) => {
      await used(site);
      // a clean stop is not checked in full; this one was none
      alter(site, (sqlite) => sqlite.exec(`update meta set value = 'no' where key = 'stopped_cleanly'`));
      const bytes = readFileSync(site.database);
      writeFileSync(site.database, bytes.subarray(0, Math.floor(bytes.length / 2 / 4_096) * 4_096));
    },
  ],
];

test.each(REFUSED)('a database that is %s is refused by exit code, and left as it is', async (_, reason, make) => {
  const site = createSite();
  mkdirSync(dirname(site.database), { recursive: true });
  await make(site);
  site.drop('case', site.counting('case', COPIES), { data: 'dose' });
  const before = hashOf(site.database);
  const daemon = site.start();
  expect(await daemon.exited).toEqual({ code: 1, signal: null });
  await daemon.says(new RegExp(reason));
  await daemon.says('next:');
  expect(hashOf(site.database)).toBe(before);
  expect(site.runs('case')).toBe(0);
});
