import { expect, test } from 'vitest';

import { readCase } from '../../src/store/cases.ts';
import { startAttempt } from '../../src/supervisor/case/admit.ts';
import { hostLines, livenessOf } from '../../src/views/health.ts';
import { expose } from '../../src/views/metrics/exposition.ts';
import { gatherMetrics, metricsText } from '../../src/views/metrics.ts';
import { fullSite } from '../cli/gather-shapes.ts';
import { parseExposition } from '../lab/exposition.ts';
import type { Scraped } from '../lab/exposition.ts';

const OWN = {
  release: '1.2.3',
  startedAt: 1_767_323_045,
  cpuSeconds: 0.25,
  residentBytes: 1e8,
  lagMs: 12,
  tickAgeMs: 150,
  databaseBytes: 4_096,
};

function scrape(site: ReturnType<typeof fullSite>): (name: string, labels?: Scraped['labels']) => number | undefined {
  const samples = parseExposition(metricsText(gatherMetrics(site.store.db), OWN, site.clock.now()));
  return (name, labels = {}) =>
    samples.find(
      (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )?.value;
}

test('the text is what Prometheus takes, with what the database says', () => {
  const value = scrape(fullSite());
  expect(value('mqi_cases', { state: 'running', phase: 'executing' })).toBe(1);
  expect(value('mqi_cases', { state: 'submitted', phase: 'waiting' })).toBe(1);
  expect(value('mqi_cases', { state: 'submitting', phase: 'creating' })).toBe(0);
  expect(value('mqi_case_failures_total', { kind: 'job_failed' })).toBe(1);
  expect(value('mqi_case_failures_total', { kind: 'timed_out' })).toBe(0);
  expect(value('mqi_slots', { host: 'local', state: 'quarantined' })).toBe(1);
  expect(value('mqi_host_up', { host: 'local' })).toBe(1);
  expect(value('mqi_orphans')).toBe(1);
  expect(value('mqi_incidents_open', { kind: 'slot_quarantined' })).toBe(1);
  expect(value('mqi_deliveries_waiting', { sink: 'ops' })).toBe(1);
  expect(value('mqi_event_loop_lag_seconds')).toBe(0.012);
  expect(value('mqi_build_info', { version: '1.2.3' })).toBe(1);
});

test('a counter of failures is not set back by a retry, nor is that of completed cases', () => {
  const site = fullSite();
  site.finish('lung7k2m9', 0);
  const before = scrape(site);
  expect(before('mqi_case_completions_total')).toBe(1);
  site.store.write((tx) => {
    const again = { found: null, limitMs: 1, by: 'ada', why: 'again' };
    startAttempt(tx, readCase(tx, 'b4d3n3rgy')!, again, site.clock.now());
  });
  const after = scrape(site);
  expect(after('mqi_cases', { state: 'failed' })).toBe(0);
  expect(after('mqi_case_failures_total', { kind: 'job_failed' })).toBe(1);
  expect(after('mqi_journal_entries_total')).toBeGreaterThan(before('mqi_journal_entries_total')!);
});

test('no case is in it, by name or by id', () => {
  const site = fullSite();
  const text = metricsText(gatherMetrics(site.store.db), OWN, site.clock.now());
  expect(text).not.toMatch(/brain|lung|bad-energy|b4d3n3rgy/);
});

test('a label is escaped, and the parser of these tests refuses what Prometheus would', () => {
  const nasty = 'a"b\\c\nd';
  const text = expose([{ name: 'x', type: 'gauge', help: 'X.', samples: [{ labels: { of: nasty }, value: 1 }] }]);
  expect(text).toBe('# HELP x X.\n# TYPE x gauge\nx{of="a\\"b\\\\c\\nd"} 1\n');
  expect(parseExposition(text)).toHaveLength(1);
  for (const broken of ['x 1\n', '# HELP x X.\n# TYPE x counter\nx 1\n', text.slice(0, -1), `${text}x{of=1} 2\n`]) {
    expect(() => parseExposition(broken)).toThrow(/outside|counters|no end|no sample/);
  }
});

test('a supervisor that has not come by for a minute and a half is not alive', () => {
  expect([null, 0, 89_000, 90_000].map((ageMs) => livenessOf(ageMs).isOk)).toEqual([false, true, true, false]);
});

test('work goes on as long as one host can be seen', () => {
  const [up, away] = [
    { name: 'a', state: 'online', cause: null },
    { name: 'b', state: 'offline', cause: 'link' },
  ] as const;
  expect(hostLines([up, away]).map(({ isOk, found }) => [isOk, found])).toEqual([
    [true, 'online'],
    [true, 'offline (link)'],
  ]);
  expect(hostLines([away]).map(({ isOk }) => isOk)).toEqual([false]);
});
