import type { AlarmKind, Edge } from '../domain/alarm.ts';
import { formatDuration, formatSize } from '../domain/duration.ts';
import type { DeliveryRow, IncidentRow, FailingSink, ToldIncident } from '../store/queries.ts';
import type { TroubleRow } from '../store/queries.ts';
import { TROUBLES, TROUBLE_KINDS } from '../domain/trouble.ts';
import { troubleNext } from './troubles.ts';
import { timeOrNull, timeText } from './shapes/time.ts';

type Incident = Pick<IncidentRow, 'kind' | 'subject' | 'openedAt' | 'endedAt' | 'count' | 'facts'>;

/** One sentence. No name of a case is in it: it is sent to others. */
export function incidentSummary(incident: Incident, edge: Edge = 'opened'): string {
  const { kind, subject, count, facts, openedAt } = incident;
  const since = `since ${clockText(openedAt)}`;
  if (edge === 'ended') return `over: ${OVER[kind](incident)} (it lasted ${formatDuration(lastedMs(incident))})`;
  switch (kind) {
    case 'case_failed':
      return `${cases(count)} failed: ${subject}`;
    case 'case_completed':
      return `${cases(count)} completed`;
    case 'host_unreachable':
      return `${waiting(count)}host ${subject} is unreachable ${since} (${word(facts['cause'])})`;
    case 'queue_stopped':
      return `${waiting(count)}the queue of ${subject} is stopped ${since}`;
    case 'slot_quarantined':
      return `slot ${subject} is quarantined ${since}`;
    case 'trouble':
      return `${troubled(incident)} ${since}`;
    case 'disk_low':
      return `less than ${formatSize(Number(facts['belowBytes']))} is free at ${word(facts['path'])} ${since}`;
    case 'job_near_limit': {
      const place = [facts['host'], facts['slot']].map(word).join('/');
      return `the job of case ${word(facts['case'])} on ${place} has used ${word(facts['percent'])} % of its ${formatDuration(Number(facts['limitMs']))}`;
    }
  }
}

const OVER: Readonly<Record<AlarmKind, (incident: Incident) => string>> = {
  case_failed: ({ subject }) => subject,
  case_completed: () => 'completed',
  host_unreachable: ({ subject }) => `host ${subject} can be seen again`,
  queue_stopped: ({ subject }) => `the queue of ${subject} goes on`,
  slot_quarantined: ({ subject }) => `slot ${subject} is in service again`,
  trouble: (incident) => troubled(incident),
  disk_low: ({ facts }) => `there is room again at ${word(facts['path'])}`,
  job_near_limit: ({ facts }) => `the job of case ${word(facts['case'])}`,
};

/** The command that shows more, or mends it; docs/operations.md has a heading for each kind. */
export function incidentNext({ kind, subject, facts }: Incident): string {
  switch (kind) {
    case 'case_failed':
      return `mqi cases list --state failed --failure ${subject}`;
    case 'case_completed':
      return 'mqi cases list --state completed';
    case 'host_unreachable':
      return 'mqi doctor';
    case 'queue_stopped':
      return 'mqi hosts list';
    case 'slot_quarantined':
      return `mqi slots clear ${subject} --dry-run`;
    case 'trouble':
      return troubleNext(troubleOf(facts, subject));
    case 'disk_low':
      return `df -h ${word(facts['path'])}`;
    case 'job_near_limit':
      return `mqi cases limit ${word(facts['case'])} ${formatHours(Number(facts['limitMs']) * 2)}`;
  }
}

function troubleOf(facts: Incident['facts'], subject: string): Pick<TroubleRow, 'what' | 'subject' | 'token'> {
  const { what, token } = facts;
  return {
    what: TROUBLE_KINDS.find((kind) => kind === what) ?? 'intake',
    subject: subject.slice(subject.indexOf(' ') + 1),
    token: typeof token === 'string' ? token : null,
  };
}

/** By kinds, ids and names of the configuration: what is wrong, and with what. */
function troubled({ subject, facts }: Incident): string {
  const { what } = troubleOf(facts, subject);
  const whose = typeof facts['case'] === 'string' ? `case ${facts['case']}: ` : '';
  const place = typeof facts['host'] === 'string' ? ` (${facts['host']})` : '';
  return `${whose}${TROUBLES[what]}${place}`;
}

function lastedMs({ openedAt, endedAt }: Incident): number {
  return Math.max(0, (endedAt ?? openedAt) - openedAt);
}

function cases(count: number): string {
  return `${count} case${count === 1 ? '' : 's'}`;
}

/** What it costs, before what it is; nothing while nothing waits. */
function waiting(count: number): string {
  return count === 0 ? '' : `${cases(count)} ${count === 1 ? 'waits' : 'wait'}: `;
}

function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
}

/** As the command takes it: whole hours, at least one. */
function formatHours(ms: number): string {
  return `${Math.max(1, Math.round(ms / 3_600_000))}h`;
}

/** `2026-01-02 03:04 UTC`: who reads it may sit elsewhere. */
function clockText(atMs: number): string {
  return `${timeText(atMs).slice(0, 16).replace('T', ' ')} UTC`;
}

export interface IncidentShape {
  readonly id: string;
  readonly kind: AlarmKind;
  readonly subject: string;
  readonly summary: string;
  readonly next: string;
  readonly openedAt: string;
  readonly updatedAt: string;
  /** Null while it lasts. */
  readonly endedAt: string | null;
  readonly count: number;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly deliveries: readonly DeliveryShape[];
}

export interface DeliveryShape {
  readonly sink: string;
  readonly edge: Edge;
  readonly state: 'waiting' | 'delivered' | 'given_up';
  readonly tries: number;
  readonly nextAt: string | null;
  readonly deliveredAt: string | null;
  /** Why the last try failed. */
  readonly error: string | null;
}

export function incidentShape(row: ToldIncident): IncidentShape {
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    summary: incidentSummary(row),
    next: incidentNext(row),
    openedAt: timeText(row.openedAt),
    updatedAt: timeText(row.updatedAt),
    endedAt: timeOrNull(row.endedAt),
    count: row.count,
    facts: row.facts,
    deliveries: row.deliveries.map(deliveryShape),
  };
}

export function deliveryShape(row: DeliveryRow): DeliveryShape {
  const { sink, edge, tries, nextAt, deliveredAt, error } = row;
  return {
    sink,
    edge,
    state: deliveredAt !== null ? 'delivered' : nextAt === null ? 'given_up' : 'waiting',
    tries,
    nextAt: timeOrNull(nextAt),
    deliveredAt: timeOrNull(deliveredAt),
    error,
  };
}

/** `sink ops refuses 3 messages: HTTP 500`. */
export function failingSinkText({ sink, waiting, givenUp, error }: FailingSink): string {
  const parts = [...(waiting > 0 ? [`${waiting} waiting`] : []), ...(givenUp > 0 ? [`${givenUp} given up`] : [])];
  return `sink ${sink} does not take its notifications (${parts.join(', ')}): ${error}`;
}
