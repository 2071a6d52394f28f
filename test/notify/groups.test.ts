import { expect, test } from 'vitest';

import { groupFinals } from '../../src/daemon/notify/groups.ts';
import type { IncidentRow } from '../../src/store/incidents.ts';
import type { FinalEntry } from '../../src/store/queries.ts';

const failed = (id: number, failureKind: FinalEntry['failureKind'] = 'job_failed', at = 1_000): FinalEntry => ({
  id,
  caseId: `case${id}`,
  attempt: 1,
  at,
  toPhase: 'failed',
  failureKind,
});

const group = (openedAt: number, change: Partial<IncidentRow> = {}): IncidentRow => ({
  id: 'ep-1',
  kind: 'case_failed',
  subject: 'job_failed',
  openedAt,
  updatedAt: openedAt,
  endedAt: null,
  count: 1,
  facts: { failure: 'job_failed', cases: ['case1'] },
  ...change,
});

test('two hundred failures of a kind are one group, that counts them all and names some', () => {
  const entries = Array.from({ length: 200 }, (_, at) => failed(at + 1));
  const { begun, changed, closed } = groupFinals([], entries, 60_000, 2_000);
  expect([changed, closed]).toEqual([[], []]);
  expect(begun).toHaveLength(1);
  expect(begun[0]).toMatchObject({ kind: 'case_failed', subject: 'job_failed', openedAt: 1_000, count: 200 });
  expect(begun[0]!.facts['cases']).toHaveLength(50);
});

test('each kind of failure has its own group, and so have completed cases', () => {
  const done: FinalEntry = { ...failed(9), toPhase: 'completed', failureKind: null };
  const { begun } = groupFinals([], [failed(1), failed(2, 'timed_out'), done, failed(3)], 60_000, 2_000);
  expect(begun.map(({ kind, subject, count }) => [kind, subject, count])).toEqual([
    ['case_failed', 'job_failed', 2],
    ['case_failed', 'timed_out', 1],
    ['case_completed', 'completed', 1],
  ]);
});

test('what happens within the time joins; afterwards the group is closed and the next begins', () => {
  const soon = groupFinals([group(1_000)], [failed(2)], 60_000, 60_999);
  expect(soon).toEqual({
    closed: [],
    begun: [],
    changed: [{ id: 'ep-1', count: 2, facts: { failure: 'job_failed', cases: ['case1', 'case2'] } }],
  });
  const late = groupFinals([group(1_000)], [failed(2, 'job_failed', 61_000)], 60_000, 61_000);
  expect(late.closed.map(({ id }) => id)).toEqual(['ep-1']);
  expect(late.changed).toEqual([]);
  expect(late.begun).toMatchObject([{ openedAt: 61_000, count: 1 }]);
});

test('a clock that was set back closes the group: it does not grow for two days', () => {
  const { closed, begun } = groupFinals([group(200_000_000)], [failed(2)], 60_000, 1_000);
  expect(closed).toHaveLength(1);
  expect(begun).toHaveLength(1);
});

test('what lasts is no group', () => {
  const lasting = group(0, { kind: 'host_unreachable', subject: 'gpu1' });
  expect(groupFinals([lasting], [], 60_000, 1e9)).toEqual({ closed: [], changed: [], begun: [] });
});
