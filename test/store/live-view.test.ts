import { expect, test } from 'vitest';

import {
  countMatching,
  idsMatching,
  journalBegan,
  lastJournalId,
  latestEntries,
  latestFailures,
  listCases,
  listUnderWay,
  stepsSince,
  webOf,
  whereSent,
} from '../../src/store/queries.ts';
import { writeMeta } from '../../src/store/meta.ts';
import { openWatched } from '../../src/store/open.ts';
import { testSite } from '../cli/site.ts';

function siteWithCases() {
  const site = testSite();
  for (const name of ['fails', 'ends', 'runs', 'waits']) site.admit(name, name);
  site.execute('fails');
  site.finish('fails', 3);
  site.execute('ends');
  site.finish('ends', 0);
  site.execute('runs');
  return { site, db: site.store.db };
}

test('what is at work comes before what waits, and what is over not at all', () => {
  const { db } = siteWithCases();
  expect(listUnderWay(db, 10).map((row) => row.id)).toEqual(['runs', 'waits']);
  expect(listUnderWay(db, 1).map((row) => row.id)).toEqual(['runs']);
});

test('a filter counts and finds the same cases, by state, phase, host, failure and name', () => {
  const { db } = siteWithCases();
  for (const [filter, ids] of [
    [{}, ['waits', 'runs', 'ends', 'fails']],
    [{ state: 'running' }, ['runs']],
    [{ phase: 'executing' }, ['runs']],
    [{ phase: 'staged' }, []],
    [{ host: 'local' }, ['runs', 'ends', 'fails']],
    [{ failure: 'job_failed' }, ['fails']],
    [{ search: 'S', host: 'local', state: 'completed' }, ['ends']],
  ] as const) {
    expect(listCases(db, filter, null, 10).cases.map((row) => row.id)).toEqual(ids);
    expect(idsMatching(db, filter, 10)).toEqual(ids);
    expect(countMatching(db, filter)).toBe(ids.length);
  }
});

test('the latest failures are those of cases that still are failed', () => {
  const { site, db } = siteWithCases();
  const failures = (sinceMs: number) => latestFailures(db, lastJournalId(db), sinceMs, 5).map((row) => row.id);
  expect(failures(0)).toEqual(['fails']);
  expect(failures(site.clock.now() + 1)).toEqual([]);
});

test('the end of the journal comes newest first, with names', () => {
  const { db } = siteWithCases();
  expect(latestEntries(db, 2).map(({ name, event }) => [name, event])).toEqual([
    ['runs', 'job.observed'],
    ['runs', 'job.released'],
  ]);
});

test('steps are those since then, oldest first, with where their attempts were sent', () => {
  const { site, db } = siteWithCases();
  const all = stepsSince(db, 0);
  expect(all.map((step) => step.to).slice(0, 6)).toEqual([
    'waiting',
    'waiting',
    'waiting',
    'waiting',
    'staging',
    'staged',
  ]);
  expect(all[0]).toMatchObject({ caseId: 'fails', attempt: 1, event: 'case.admitted', from: null, to: 'waiting' });
  expect(journalBegan(db)).toBe(all[0]!.at);
  const late = stepsSince(db, site.clock.now());
  expect(late.map(({ caseId, to }) => [caseId, to])).toEqual([['runs', 'executing']]);
  expect(whereSent(db, ['ends', 'waits'])).toEqual([{ caseId: 'ends', number: 1, host: 'local', slot: 'gpu.1' }]);
});

test('a reader that stays notices what others commit, and only that', () => {
  const { site } = siteWithCases();
  const reader = openWatched(site.database);
  const before = reader.version();
  expect(reader.version()).toBe(before);
  site.admit('more', 'more');
  expect(reader.version()).not.toBe(before);
  reader.close();
});

test('where the page is, or why it is not, is what the daemon recorded last', () => {
  const { site, db } = siteWithCases();
  expect(webOf(db)).toEqual({ url: null, trouble: null });
  site.store.write((tx) => writeMeta(tx, 'web', 'http://127.0.0.1:8787/'));
  expect(webOf(db)).toEqual({ url: 'http://127.0.0.1:8787/', trouble: null });
  site.store.write((tx) => writeMeta(tx, 'web', '! the port is taken'));
  expect(webOf(db)).toEqual({ url: null, trouble: 'the port is taken' });
});
