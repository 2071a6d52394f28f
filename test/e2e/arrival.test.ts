import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { readCandidates } from '../../src/store/candidates.ts';
import type { CandidateRow } from '../../src/store/candidates.ts';
import { cases } from '../../src/store/schema.ts';
import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';

const COPIES = 'mkdir -p output && cp inputs/data output/data';

const candidate = (site: Site, name: string): CandidateRow | undefined =>
  site.reader((from) => readCandidates(from.db).find((row) => row.name === name));

const caseNames = (site: Site): string[] =>
  site.reader((from) => from.db.select({ name: cases.name }).from(cases).all()).map((row) => row.name);

const dataOf = (site: Site, name: string): string =>
  readFileSync(join(site.results, name, 'attempt-1', 'output', 'data'), 'utf8');

async function online(site: Site): Promise<void> {
  const daemon = site.start();
  await site.until('online', () => daemon.log().includes('is online'));
}

test('a folder that is copied in slowly is admitted only when it is complete', async () => {
  const quietMs = 1_500;
  const site = createSite();
  site.configure({ watch: { path: site.watch, quiet_period: `${quietMs}ms`, rescan_every: '200ms' } });
  await online(site);
  const folder = join(site.watch, 'slow');
  mkdirSync(folder);
  const begun = performance.now();
  let written = begun;
  for (let piece = 0; performance.now() - begun < 2 * quietMs; piece += 1) {
    expect(caseNames(site)).toEqual([]);
    const pauseMs = performance.now() - written;
    if (pauseMs >= quietMs) throw new Error(`this machine stood still for ${pauseMs} ms: nothing was tried`);
    appendFileSync(join(folder, 'data'), `piece ${piece}\n`);
    written = performance.now();
    await wait(50);
  }
  // the last file is what makes it run
  writeFileSync(join(folder, 'run.sh'), COPIES);
  const over = await site.final('slow');
  expect(over).toMatchObject({ state: 'completed', attempt: 1, files: 2 });
  expect(dataOf(site, 'slow')).toBe(readFileSync(join(folder, 'data'), 'utf8'));
});

test('with a ready marker a folder is admitted when the marker is there, however long its copy stalls before', async () => {
  const site = createSite();
  site.configure({
    watch: { path: site.watch, quiet_period: '100ms', rescan_every: '200ms', ready_marker: 'READY' },
  });
  await online(site);
  mkdirSync(join(site.watch, 'marked'));
  writeFileSync(join(site.watch, 'marked', 'run.sh'), COPIES);
  await site.until('it waits for its marker', () => candidate(site, 'marked')?.reason?.includes('READY'));
  // a folder that came later and is complete overtakes it: the quiet period alone admits nothing
  site.drop('later', COPIES, { data: 'dose', READY: '' });
  expect((await site.final('later')).state).toBe('completed');
  expect(caseNames(site)).toEqual(['later']);
  writeFileSync(join(site.watch, 'marked', 'data'), 'all of it');
  writeFileSync(join(site.watch, 'marked', 'READY'), '');
  expect((await site.final('marked')).state).toBe('completed');
  expect(dataOf(site, 'marked')).toBe('all of it');
});

test('a folder that is removed half-way leaves no case', async () => {
  const site = createSite();
  site.configure({ watch: { path: site.watch, quiet_period: '1h', rescan_every: '200ms' } });
  await online(site);
  site.drop('gone', COPIES, { data: 'half' });
  await site.until('it is seen', () => candidate(site, 'gone')?.state === 'settling');
  rmSync(join(site.watch, 'gone'), { recursive: true });
  await site.until('it is forgotten', () => candidate(site, 'gone') === undefined);
  expect(caseNames(site)).toEqual([]);
  expect(existsSync(site.results) ? readdirSync(site.results) : []).toEqual([]);
});

test('ten folders that are there before the first start are found and run', async () => {
  const site = createSite({ slots: 4 });
  const names = Array.from({ length: 10 }, (_, index) => `early-${index}`);
  for (const name of names) site.drop(name, COPIES, { data: name });
  site.start();
  for (const name of names) {
    expect((await site.final(name)).state).toBe('completed');
    expect(dataOf(site, name)).toBe(name);
  }
});

test('eleven folders before the first start are a history: none is admitted, the log says how to go on, and the order admits them', async () => {
  const site = createSite({ slots: 4 });
  const names = Array.from({ length: 11 }, (_, index) => `old-${index}`);
  for (const name of names) site.drop(name, site.counting(name, COPIES), { data: name });
  const daemon = site.start();
  await site.until('the history is told', () => daemon.log().includes('found 11 folders'));
  await daemon.says('mqi intake admit --all');
  await daemon.says('mqi intake admit --as-done --all');

  // whatever comes from now on is work as usual, and shows that the eleven had their chance
  site.drop('new', COPIES, { data: 'dose' });
  expect((await site.final('new')).state).toBe('completed');
  expect(caseNames(site)).toEqual(['new']);
  for (const name of names) expect(candidate(site, name)?.state).toBe('history');

  expect(await site.order({ kind: 'admit', path: null, asDone: false })).toMatchObject({ outcome: 'done' });
  for (const name of names) {
    expect((await site.final(name)).state).toBe('completed');
    expect(site.runs(name)).toBe(1);
  }
});
