import { ALARM_KINDS } from '../domain/alarm.ts';
import type { AlarmKind } from '../domain/alarm.ts';
import { CASE_STATES, PHASES } from '../domain/case.ts';
import { FAILURE_KINDS } from '../domain/failure.ts';
import { TROUBLE_KINDS } from '../domain/trouble.ts';
import type { TroubleKind } from '../domain/trouble.ts';
import {
  CANDIDATE_STATES,
  countCandidates,
  countCases,
  countFinals,
  countOpenIncidents,
  countOpenOrders,
  countTroubles,
  countUndelivered,
  countUnseen,
  journalLength,
  lastingTroubles,
  listBlocked,
  listHosts,
  listOrphans,
  listSetAside,
  listSlots,
  oldestWaitingSince,
} from '../store/queries.ts';
import type {
  CandidateState,
  DeliveryCount,
  FinalCounts,
  HostRow,
  PhaseCount,
  ReadDb,
  SlotWithCase,
} from '../store/queries.ts';
import { expose } from './metrics/exposition.ts';
import type { Metric, Sample } from './metrics/exposition.ts';
import { countsShape } from './shapes/counts.ts';

/** What the database says; read at one moment. */
export interface StoreMetrics {
  readonly counts: readonly PhaseCount[];
  readonly finals: FinalCounts;
  readonly unseen: ReadonlyMap<string, number>;
  readonly oldestWaitingSince: number | null;
  readonly hosts: readonly HostRow[];
  readonly slots: readonly Pick<SlotWithCase, 'host' | 'state' | 'busy'>[];
  readonly candidates: ReadonlyMap<CandidateState, number>;
  readonly orphans: number;
  readonly blocked: number;
  readonly setAside: number;
  readonly openOrders: number;
  readonly journalLength: number;
  readonly troubles: ReadonlyMap<TroubleKind, number>;
  readonly oldestTroubleSince: number | null;
  readonly incidents: ReadonlyMap<AlarmKind, number>;
  readonly undelivered: readonly DeliveryCount[];
}

export function gatherMetrics(db: ReadDb): StoreMetrics {
  return {
    counts: countCases(db),
    finals: countFinals(db),
    unseen: countUnseen(db),
    oldestWaitingSince: oldestWaitingSince(db),
    hosts: listHosts(db),
    slots: listSlots(db),
    candidates: countCandidates(db),
    orphans: listOrphans(db).length,
    blocked: listBlocked(db).length,
    setAside: listSetAside(db).length,
    openOrders: countOpenOrders(db),
    journalLength: journalLength(db),
    troubles: countTroubles(db),
    oldestTroubleSince: lastingTroubles(db, 1)[0]?.since ?? null,
    incidents: countOpenIncidents(db),
    undelivered: countUndelivered(db),
  };
}

/** What the process says of itself. */
export interface ProcessMetrics {
  readonly release: string;
  /** Seconds since 1970. */
  readonly startedAt: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly lagMs: number;
  /** Null: the supervisor has not ticked yet. */
  readonly tickAgeMs: number | null;
  readonly databaseBytes: number;
}

/** Everything for Prometheus. A case appears in no label: not its name, and not its id, of which there are ever more. */
export function metricsText(store: StoreMetrics, process: ProcessMetrics, nowMs: number): string {
  return expose([
    ...caseMetrics(store, nowMs),
    ...hostMetrics(store, nowMs),
    ...recordMetrics(store, nowMs),
    ...own(process),
  ]);
}

function caseMetrics(store: StoreMetrics, nowMs: number): readonly Metric[] {
  const { phases } = countsShape(store.counts);
  const failed = [...FAILURE_KINDS, ...(store.finals.failed.has(null) ? [null] : [])];
  const { oldestWaitingSince: since } = store;
  return [
    gauge(
      'mqi_cases',
      'Cases by state and phase.',
      CASE_STATES.flatMap((state) => PHASES[state].map((phase) => of({ state, phase }, phases[phase]))),
    ),
    counter('mqi_case_completions_total', 'Times that a case was completed.', [{ value: store.finals.completed }]),
    counter(
      'mqi_case_failures_total',
      'Times that a case failed, by kind (docs/failures.md); a retry takes none back.',
      failed.map((kind) => of({ kind: kind ?? 'unknown' }, store.finals.failed.get(kind) ?? 0)),
    ),
    gauge('mqi_cases_blocked', 'Live cases whose work waits for something that an operator mends.', [
      { value: store.blocked },
    ]),
    gauge('mqi_cases_set_aside', 'Live cases whose saved state cannot be read.', [{ value: store.setAside }]),
    gauge('mqi_oldest_waiting_case_age_seconds', 'Age of the oldest case that waits for its turn or a slot; 0: none.', [
      { value: since === null ? 0 : secondsSince(since, nowMs) },
    ]),
  ];
}

function hostMetrics({ hosts, slots, unseen }: StoreMetrics, nowMs: number): readonly Metric[] {
  const slotStates = ['free', 'leased', 'quarantined'] as const;
  const many = (host: string, wanted: (slot: (typeof slots)[number]) => boolean): number =>
    slots.filter((slot) => slot.host === host && wanted(slot)).length;
  return [
    gauge(
      'mqi_host_up',
      'Whether the host and its queue answer: 1 or 0.',
      hosts.map(({ name, state }) => of({ host: name }, state === 'online' ? 1 : 0)),
    ),
    gauge(
      'mqi_host_last_contact_age_seconds',
      'Time since the host last answered, to ten seconds.',
      hosts.flatMap(({ name, lastSeenAt }) =>
        lastSeenAt === null ? [] : [of({ host: name }, secondsSince(lastSeenAt, nowMs))],
      ),
    ),
    gauge(
      'mqi_host_notices',
      'What the queue of the host says of itself: paused groups.',
      hosts.map(({ name, notices }) => of({ host: name }, notices.length)),
    ),
    gauge(
      'mqi_cases_unseen',
      'Live cases whose host is unreachable.',
      hosts.map(({ name }) => of({ host: name }, unseen.get(name) ?? 0)),
    ),
    gauge(
      'mqi_slots',
      'Slots by state.',
      hosts.flatMap(({ name }) =>
        slotStates.map((state) =>
          of(
            { host: name, state },
            many(name, (slot) => slot.state === state),
          ),
        ),
      ),
    ),
    gauge(
      'mqi_slots_busy',
      'Slots on whose GPU somebody else computes.',
      hosts.map(({ name }) =>
        of(
          { host: name },
          many(name, (slot) => slot.busy !== null),
        ),
      ),
    ),
  ];
}

function recordMetrics(store: StoreMetrics, nowMs: number): readonly Metric[] {
  const { oldestTroubleSince: since } = store;
  return [
    gauge(
      'mqi_troubles',
      'What is wrong now, by kind (docs/operations.md): attempts, hosts, the intake, the daemon.',
      TROUBLE_KINDS.map((what) => of({ what }, store.troubles.get(what) ?? 0)),
    ),
    gauge('mqi_oldest_trouble_age_seconds', 'How long the oldest of them has lasted; 0: nothing is wrong.', [
      { value: since === null ? 0 : secondsSince(since, nowMs) },
    ]),
    gauge(
      'mqi_candidates',
      'Folders that were seen, by what became of them.',
      CANDIDATE_STATES.map((state) => of({ state }, store.candidates.get(state) ?? 0)),
    ),
    gauge('mqi_orphans', 'Jobs on a host that no live case owns.', [{ value: store.orphans }]),
    gauge('mqi_orders_open', 'Orders that are not carried out yet.', [{ value: store.openOrders }]),
    counter('mqi_journal_entries_total', 'Entries of the journal.', [{ value: store.journalLength }]),
    gauge(
      'mqi_incidents_open',
      'What lasts now of what the daemon tells by itself, by kind (docs/operations.md).',
      ALARM_KINDS.map((kind) => of({ kind }, store.incidents.get(kind) ?? 0)),
    ),
    gauge(
      'mqi_deliveries_waiting',
      'Notifications that a sink has not taken yet.',
      store.undelivered.map(({ sink, waiting }) => of({ sink }, waiting)),
    ),
    gauge(
      'mqi_deliveries_given_up',
      'Notifications of the last 90 days that a sink never took.',
      store.undelivered.map(({ sink, givenUp }) => of({ sink }, givenUp)),
    ),
  ];
}

function own(process: ProcessMetrics): readonly Metric[] {
  const { tickAgeMs } = process;
  return [
    gauge('mqi_build_info', 'The version of the program.', [of({ version: process.release }, 1)]),
    gauge('mqi_database_size_bytes', 'The database and its write-ahead log.', [{ value: process.databaseBytes }]),
    gauge('mqi_event_loop_lag_seconds', 'The longest that the daemon was held up in the last ten seconds.', [
      { value: process.lagMs / 1_000 },
    ]),
    gauge(
      'mqi_supervisor_tick_age_seconds',
      'Time since the supervisor last came by.',
      tickAgeMs === null ? [] : [{ value: tickAgeMs / 1_000 }],
    ),
    gauge('process_start_time_seconds', 'Start of the process, since 1970.', [{ value: process.startedAt }]),
    gauge('process_resident_memory_bytes', 'Resident memory.', [{ value: process.residentBytes }]),
    counter('process_cpu_seconds_total', 'User and system time.', [{ value: process.cpuSeconds }]),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'counter', help, samples };
}

function of(labels: Readonly<Record<string, string>>, value: number): Sample {
  return { labels, value };
}

/** A clock that was set back gives 0. */
function secondsSince(atMs: number, nowMs: number): number {
  return Math.max(0, nowMs - atMs) / 1_000;
}
