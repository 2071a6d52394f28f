import { expect, test } from 'vitest';

import type { RemoveOutcome } from '../../../../src/scheduler/scheduler.ts';
import { updateAttempt } from '../../../../src/store/attempts.ts';
import { readMeta } from '../../../../src/store/meta.ts';
import { createRunningTime } from '../../../../src/store/running-time.ts';
import { cases } from '../../../../src/store/schema.ts';
import { createRetention } from '../../../../src/supervisor/host/sweeps/retention.ts';
import { FAILED, HOUR, createBench } from './bench.ts';

const DAY = 24 * HOUR;
const KEEP = { completedMs: HOUR, failedMs: 30 * DAY };

function world(keep = KEEP) {
  const bench = createBench();
  const { store, clock, troubles } = bench;
  const gone: string[] = [];
  const answers = new Map<string, RemoveOutcome>();
  const tried: string[] = [];
  const scheduler = bench.scheduler({
    remove: ({ token }) => {
      tried.push(token);
      const answer = answers.get(token) ?? ({ kind: 'removed' } as const);
      if (answer.kind === 'removed') gone.push(token);
      return Promise.resolve(answer);
    },
  });
  const say = (): void => {};
  const open = () =>
    createRetention({
      host: { name: 'fake', keep, scheduler },
      store,
      running: createRunningTime(store, () => clock.monotonic()),
      clock,
      log: { debug: say, info: say, warn: say, error: say },
      troubles,
      signal: new AbortController().signal,
    });
  return { ...bench, gone, answers, tried, open, retention: open() };
}

test('with a completed attempt kept for an hour and a failed one for thirty days, after two hours exactly the completed one is gone', async () => {
  const { clock, attempt, retention, gone, row } = world();
  const completed = attempt('one');
  attempt('two', { failure: FAILED });
  await retention.runOnce();
  await clock.pass(HOUR - 1);
  await retention.runOnce();
  expect(gone).toEqual([]);
  await clock.pass(HOUR + 1);
  await retention.runOnce();
  expect(gone).toEqual([completed]);
  expect(row(completed)?.removedAt).toBe(clock.now());
});

test('and the other way round', async () => {
  const { clock, attempt, retention, gone } = world({ completedMs: 30 * DAY, failedMs: HOUR });
  attempt('one');
  const failed = attempt('two', { failure: FAILED });
  await retention.runOnce();
  await clock.pass(2 * HOUR);
  await retention.runOnce();
  expect(gone).toEqual([failed]);
});

test('no step of a clock makes an attempt old: one that ended in 1970, or two days from now, stays for as long as any', async () => {
  const { clock, attempt, retention, gone } = world();
  attempt('early', { endedAt: 0 });
  attempt('late', { endedAt: clock.now() + 2 * DAY });
  await retention.runOnce();
  await clock.pass(HOUR - 1);
  await retention.runOnce();
  expect(gone).toEqual([]);
  await clock.pass(1);
  await retention.runOnce();
  expect(gone).toHaveLength(2);
});

test('one without a time of its end, as one that was set aside and given up, goes as one that failed', async () => {
  const { clock, attempt, retention, gone } = world();
  const token = attempt('never', { endedAt: null });
  await retention.runOnce();
  await clock.pass(30 * DAY - 1);
  await retention.runOnce();
  expect(gone).toEqual([]);
  await clock.pass(1);
  await retention.runOnce();
  expect(gone).toEqual([token]);
});

test('time in which no daemon ran does not count; what ran before a restart does', async () => {
  const { clock, attempt, retention, open, gone, store } = world();
  attempt('one');
  await retention.runOnce();
  await clock.pass(HOUR / 2);
  await retention.runOnce();
  expect(readMeta(store.db, 'ran_ms')).toBe(String(HOUR / 2));
  await clock.pass(9 * DAY);
  const next = open();
  await next.runOnce();
  expect(gone).toEqual([]);
  await clock.pass(HOUR / 2);
  await next.runOnce();
  expect(gone).toHaveLength(1);
});

test('an attempt that cannot be removed is named, and the next ones go', async () => {
  const { attempt, retention, answers, gone, wrong, clock } = world({ completedMs: 0, failedMs: 0 });
  const stuck = attempt('one');
  const next = attempt('two');
  answers.set(stuck, { kind: 'not_yet', reason: 'output/dose.raw belongs to root' });
  expect(await retention.runOnce()).toBe(null);
  expect(gone).toEqual([next]);
  expect(wrong()).toEqual([`unremoved ${stuck}: output/dose.raw belongs to root`]);
  answers.delete(stuck);
  await clock.pass(1);
  await retention.runOnce();
  expect(gone).toEqual([next, stuck]);
  expect(wrong()).toEqual([]);
});

test('a hundred that cannot be removed do not keep the one after them, and each has its turn again', async () => {
  const { attempt, retention, answers, gone, tried, clock } = world({ completedMs: 0, failedMs: 0 });
  const stuck = Array.from({ length: 100 }, (_, index) => attempt(`a${100 + index}`));
  for (const token of stuck) answers.set(token, { kind: 'not_yet', reason: 'busy' });
  await retention.runOnce();
  await retention.runOnce();
  await clock.pass(1);
  const after = attempt('z');
  await retention.runOnce();
  expect(gone).toEqual([after]);
  tried.length = 0;
  for (let sweep = 0; sweep < 20; sweep += 1) await retention.runOnce();
  expect(new Set(tried)).toEqual(new Set(stuck));
});

test('a host that becomes unreachable ends the sweep: nothing of it is taken for removed', async () => {
  const { attempt, retention, answers, row, wrong } = world({ completedMs: 0, failedMs: 0 });
  const token = attempt('one');
  answers.set(token, { kind: 'blind', cause: 'link', reason: 'no route' });
  expect(await retention.runOnce()).toEqual({ kind: 'blind', cause: 'link', reason: 'no route' });
  expect(row(token)?.removedAt).toBe(null);
  expect(wrong()).toEqual([]);
});

test.each([
  ['one without a proof', { proof: null }, false],
  ['an orphan whose case has not failed, however old', { orphan: 'its job has ended with exit code 0' }, false],
  ['the attempt of a live case', {}, true],
] as const)('%s is never removed', async (_, change, isLive) => {
  const { attempt, retention, clock, gone, store } = world({ completedMs: 0, failedMs: 0 });
  const token = attempt('one', change, isLive);
  if (isLive) store.write((tx) => void tx.update(cases).set({ token }).run());
  await retention.runOnce();
  await clock.pass(3_660 * DAY);
  await retention.runOnce();
  expect(gone).toEqual([]);
});

test('an orphan of a case that has failed goes when its time is over, and can then be adopted no more', async () => {
  const { attempt, retention, gone, row } = world({ completedMs: 0, failedMs: 0 });
  const token = attempt('one', { orphan: 'its job has ended with exit code 0', failure: FAILED });
  await retention.runOnce();
  expect(gone).toEqual([token]);
  expect(row(token)?.orphan).toBe(null);
});

test('an attempt that the database did not know, of a case that it does not know, goes as one that failed', async () => {
  const { attempt, retention, clock, gone, store } = world();
  const token = attempt('one', { proof: 'revoked' });
  store.write((tx) => updateAttempt(tx, token, { caseId: null, endedAt: null }));
  await retention.runOnce();
  await clock.pass(30 * DAY - 1);
  await retention.runOnce();
  expect(gone).toEqual([]);
  await clock.pass(1);
  await retention.runOnce();
  expect(gone).toEqual([token]);
});
