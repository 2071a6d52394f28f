import { expect, test } from 'vitest';

import { TROUBLES, TROUBLE_KINDS } from '../../src/domain/trouble.ts';
import type { TroubleRow } from '../../src/store/queries.ts';
import { journalDetail } from '../../src/views/journal-line.ts';
import { troubleLines, troubleNext, troubleShape, troubleText } from '../../src/views/troubles.ts';

const row = (change: Partial<TroubleRow> = {}): TroubleRow => ({
  subject: 'attempt/mqi-lab-c7-1-aa',
  what: 'unremoved',
  host: 'gpu1',
  token: 'mqi-lab-c7-1-aa',
  reason: 'output/dose.raw belongs to root',
  since: 1_000,
  last: 61_000,
  times: 2,
  overAt: null,
  ...change,
});
const ofHost = { subject: 'host/gpu1', token: null, what: 'gpus' } as const;

test('a trouble says with what, what, and why', () => {
  expect(troubleText(row())).toBe(
    'mqi-lab-c7-1-aa on gpu1: the attempt cannot be removed from the host: output/dose.raw belongs to root',
  );
  expect(troubleText(row({ ...ofHost, reason: 'disk full' }))).toBe(
    'gpu1: what runs on the GPUs cannot be recorded: disk full',
  );
  expect(troubleText(row({ subject: 'daemon', host: null, token: null, what: 'database', reason: 'disk full' }))).toBe(
    'the database cannot be written: disk full',
  );
  expect(
    troubleText(row({ subject: 'target/ops', host: null, token: null, what: 'undelivered', reason: 'HTTP 500' })),
  ).toBe('notification target ops: messages are not delivered: HTTP 500');
});

test.each(TROUBLE_KINDS)('%s names what to do next, without a gap in it', (what) => {
  expect(troubleNext(row({ what }))).toMatch(/^[a-z].{8,}[a-z0-9]$/i);
  expect(troubleText(row({ what }))).toContain(TROUBLES[what]);
});

test.each(['standing', 'unreadable', 'hidden'] as const)(
  '%s is not answered by a list that shows nothing of it',
  (what) => {
    expect(troubleNext(row({ what }))).toContain('the daemon goes on by itself then');
  },
);

test('a journal says why nobody can tell how a job is', () => {
  const observation = { kind: 'unknown', reason: 'its directory cannot be read' };
  expect(journalDetail({ event: 'job.observed', detail: { observation } })).toBe(
    'nobody can tell how its job is: its directory cannot be read',
  );
});

test('a few of one kind are told one by one, many as one line that names the longest', () => {
  const many = (count: number): TroubleRow[] =>
    Array.from({ length: count }, (_, index) => row({ token: `mqi-lab-c${index}-1-aa`, since: index }));
  expect(troubleLines(many(3))).toHaveLength(3);
  const [line, ...rest] = troubleLines([...many(12), row(ofHost)]);
  expect(line?.what).toMatch(/^mqi-lab-c0-1-aa .* and 11 more so$/);
  expect(rest.map(({ row: { what } }) => what)).toEqual(['gpus']);
});

test('its JSON names the case whose attempt it is', () => {
  expect(troubleShape(row())).toEqual({
    subject: 'attempt/mqi-lab-c7-1-aa',
    what: 'unremoved',
    host: 'gpu1',
    case: 'c7',
    reason: 'output/dose.raw belongs to root',
    since: '1970-01-01T00:00:01.000Z',
    last: '1970-01-01T00:01:01.000Z',
    times: 2,
  });
  expect(troubleShape(row(ofHost)).case).toBe(null);
});
