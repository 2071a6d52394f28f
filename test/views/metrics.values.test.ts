import { expect, test } from 'vitest';

import { insertDelivery, insertIncident, updateDelivery } from '../../src/store/incidents.ts';
import { resetHost, updateHost } from '../../src/store/hosts.ts';
import { recordOrder } from '../../src/store/orders.ts';
import { noteBusy, quarantineSlot, syncSlots } from '../../src/store/slots.ts';
import { endTrouble, noteTrouble } from '../../src/store/troubles.ts';
import { DAEMON, INTAKE } from '../../src/domain/trouble.ts';
import { gatherMetrics, metricsText } from '../../src/views/metrics.ts';
import type { StoreMetrics } from '../../src/views/metrics.ts';
import { parseExposition } from '../lab/exposition.ts';
import { testSite } from '../cli/site.ts';

const NOW = 1_767_323_045_000;
const PROCESS = {
  release: '1.2.3',
  startedAt: 1_767_000_000,
  cpuSeconds: 21.5,
  residentBytes: 22_000_000,
  lagMs: 23_250,
  tickAgeMs: 24_500,
  databaseBytes: 25_000,
};

/** What is not 0, a line a sample: `name{label=value} value`. */
function shown(store: StoreMetrics, process = PROCESS): readonly string[] {
  return parseExposition(metricsText(store, process, NOW))
    .filter(({ value }) => value !== 0)
    .map(({ name, labels, value }) => {
      const inside = Object.entries(labels).map(([key, word]) => `${key}=${word}`);
      return `${name}${inside.length === 0 ? '' : `{${inside.join(',')}}`} ${value}`;
    });
}

const host = (name: string, change: Partial<StoreMetrics['hosts'][number]>): StoreMetrics['hosts'][number] => ({
  name,
  state: 'online',
  since: 0,
  lastSeenAt: null,
  cause: null,
  reason: null,
  retryAt: null,
  reconciledAt: null,
  node: null,
  notices: [],
  ...change,
});

const slots = (name: string, counts: Readonly<Record<'free' | 'leased' | 'quarantined', number>>, busy: number) =>
  Object.entries(counts)
    .flatMap(([state, many]) => Array.from({ length: many }, () => state as 'free' | 'leased' | 'quarantined'))
    .map((state, at) => ({ host: name, state, busy: at < busy ? 'pid 7' : null }));

const STORE: StoreMetrics = {
  counts: [
    { state: 'running', phase: 'executing', count: 31 },
    { state: 'running', phase: 'queued', count: 32 },
    { state: 'failed', phase: 'failed', count: 33 },
  ],
  finals: {
    completed: 41,
    failed: new Map([
      ['job_failed', 42],
      ['timed_out', 43],
      [null, 44],
    ]),
  },
  unseen: new Map([['b', 51]]),
  oldestWaitingSince: NOW - 52_000,
  hosts: [
    host('a', { lastSeenAt: NOW - 53_000, notices: ['one', 'two'] }),
    host('b', { state: 'offline', cause: 'link', lastSeenAt: NOW - 54_000 }),
    host('c', { state: 'connecting' }),
  ],
  slots: [
    ...slots('a', { free: 3, leased: 4, quarantined: 5 }, 6),
    ...slots('b', { free: 7, leased: 8, quarantined: 9 }, 10),
  ],
  candidates: new Map([
    ['settling', 61],
    ['rejected', 62],
  ]),
  orphans: 63,
  blocked: 64,
  setAside: 65,
  openOrders: 66,
  journalLength: 67,
  troubles: new Map([
    ['blocked', 71],
    ['unremoved', 72],
  ]),
  oldestTroubleSince: NOW - 73_000,
  incidents: new Map([
    ['host_unreachable', 74],
    ['trouble', 75],
  ]),
  undelivered: [
    { sink: 'ops', waiting: 76, givenUp: 77 },
    { sink: 'night', waiting: 78, givenUp: 79 },
  ],
};

test('each metric has its own value, not that of its neighbour; ages are seconds; a host that connects is not up', () => {
  expect(shown(STORE)).toEqual([
    'mqi_cases{state=running,phase=queued} 32',
    'mqi_cases{state=running,phase=executing} 31',
    'mqi_cases{state=failed,phase=failed} 33',
    'mqi_case_completions_total 41',
    'mqi_case_failures_total{kind=job_failed} 42',
    'mqi_case_failures_total{kind=timed_out} 43',
    'mqi_case_failures_total{kind=unknown} 44',
    'mqi_cases_blocked 64',
    'mqi_cases_set_aside 65',
    'mqi_oldest_waiting_case_age_seconds 52',
    'mqi_host_up{host=a} 1',
    'mqi_host_last_contact_age_seconds{host=a} 53',
    'mqi_host_last_contact_age_seconds{host=b} 54',
    'mqi_host_notices{host=a} 2',
    'mqi_cases_unseen{host=b} 51',
    'mqi_slots{host=a,state=free} 3',
    'mqi_slots{host=a,state=leased} 4',
    'mqi_slots{host=a,state=quarantined} 5',
    'mqi_slots{host=b,state=free} 7',
    'mqi_slots{host=b,state=leased} 8',
    'mqi_slots{host=b,state=quarantined} 9',
    'mqi_slots_busy{host=a} 6',
    'mqi_slots_busy{host=b} 10',
    'mqi_troubles{what=blocked} 71',
    'mqi_troubles{what=unremoved} 72',
    'mqi_oldest_trouble_age_seconds 73',
    'mqi_candidates{state=settling} 61',
    'mqi_candidates{state=rejected} 62',
    'mqi_orphans 63',
    'mqi_orders_open 66',
    'mqi_journal_entries_total 67',
    'mqi_incidents_open{kind=host_unreachable} 74',
    'mqi_incidents_open{kind=trouble} 75',
    'mqi_deliveries_waiting{sink=ops} 76',
    'mqi_deliveries_waiting{sink=night} 78',
    'mqi_deliveries_given_up{sink=ops} 77',
    'mqi_deliveries_given_up{sink=night} 79',
    'mqi_build_info{version=1.2.3} 1',
    'mqi_database_size_bytes 25000',
    'mqi_event_loop_lag_seconds 23.25',
    'mqi_supervisor_tick_age_seconds 24.5',
    'process_start_time_seconds 1767000000',
    'process_resident_memory_bytes 22000000',
    'process_cpu_seconds_total 21.5',
  ]);
});

test('a clock that was set back makes no age negative', () => {
  const ages = parseExposition(metricsText(STORE, PROCESS, NOW - 3_600_000)).filter(({ name }) => /_age_/.test(name));
  expect(ages.filter(({ value }) => value < 0)).toEqual([]);
});

test('the database is counted by what each number is of: two orders of which one is open, two troubles of which one is over', async () => {
  const site = testSite();
  const { store, clock } = site;
  site.admit('waiting');
  const first = clock.now();
  site.admit('paused');
  const away = site.admit('away');
  site.execute(away);
  const done = site.admit('done');
  site.execute(done, 'gpu.2');
  site.finish(done, 0);
  site.execute(site.admit('seen'), 'gpu.2');
  site.drive(away, { type: 'host.unreachable', host: 'local', cause: 'link', atMs: clock.now(), spell: null });
  store.write((tx) => {
    const at = clock.now();
    resetHost(tx, 'other', at);
    updateHost(tx, 'other', { state: 'offline', cause: 'link', lastSeenAt: at });
    syncSlots(tx, 'other', ['x', 'y', 'z'], at);
    quarantineSlot(tx, 'other', 'x', null, 'by hand', at);
    noteBusy(tx, 'other', 'y', 'pid 7');
    noteBusy(tx, 'other', 'z', 'pid 8');
    noteTrouble(tx, DAEMON, 'log', 'lines were dropped', at - 5_000);
    noteTrouble(tx, INTAKE, 'unreadable', 'EACCES', at - 9_000);
    endTrouble(tx, INTAKE, 'unreadable', at);
    for (const [at2, subject] of [
      [at, 'one'],
      [at + 1, 'two'],
      [at + 2, 'three'],
    ] as const) {
      const id = `ep-${subject}`;
      const row = { id, kind: 'disk_low', subject, openedAt: at2, updatedAt: at2, count: 0, facts: {} } as const;
      insertIncident(tx, { ...row, endedAt: subject === 'one' ? at2 : null });
      for (const sink of ['ops', 'night']) insertDelivery(tx, { incidentId: id, sink, edge: 'opened' }, at2, at2);
    }
    const of = (subject: string, sink: string) => ({ incidentId: `ep-${subject}`, sink, edge: 'opened' }) as const;
    updateDelivery(tx, of('one', 'ops'), { nextAt: null, deliveredAt: at });
    updateDelivery(tx, of('two', 'ops'), { nextAt: null, error: 'HTTP 503' });
    updateDelivery(tx, of('one', 'night'), { nextAt: null, error: 'HTTP 503' });
  });
  recordOrder(store, { kind: 'pause', caseId: 'paused' }, 'ada', 'now', clock.now());
  site.answerOrders('done', '');
  recordOrder(store, { kind: 'pause', caseId: 'paused' }, 'ada', 'later', clock.now());
  const found = gatherMetrics(store.db);
  expect(found).toMatchObject({
    openOrders: 1,
    oldestWaitingSince: first,
    orphans: 0,
    blocked: 0,
    oldestTroubleSince: clock.now() - 5_000,
    finals: { completed: 1 },
  });
  expect([...found.unseen]).toEqual([['local', 1]]);
  expect([...found.troubles]).toEqual([['log', 1]]);
  expect([...found.incidents]).toEqual([['disk_low', 2]]);
  expect(found.undelivered.toSorted((one, two) => one.sink.localeCompare(two.sink))).toEqual([
    { sink: 'night', waiting: 2, givenUp: 1 },
    { sink: 'ops', waiting: 1, givenUp: 1 },
  ]);
  expect(found.journalLength).toBeGreaterThan(5);
});
