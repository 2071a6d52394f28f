import { sql } from 'drizzle-orm';
import { check, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

import type { AlarmKind, Edge } from '../domain/alarm.ts';
import type { Proof } from '../domain/attempt.ts';
import { CASE_STATES } from '../domain/case.ts';
import type { CaseState, Phase } from '../domain/case.ts';
import type { Failure, FailureKind } from '../domain/failure.ts';
import type { End, JobClaim, Node } from '../domain/job.ts';
import type { BlindCause } from '../domain/observation.ts';
import type { TroubleKind } from '../domain/trouble.ts';

// All times are wall-clock milliseconds since 1970 (UTC). SQLite does not enforce text({ enum }): hence the checks.

const oneOf = (column: string, words: readonly string[]) =>
  sql.raw(`"${column}" in (${words.map((word) => `'${word}'`).join(', ')})`);

/** Facts about this installation: its instance id, whether it stopped cleanly. */
export const meta = sqliteTable('meta', { key: text().primaryKey(), value: text().notNull() });

export const cases = sqliteTable(
  'cases',
  {
    id: text().primaryKey(),
    /** The folder's path below the watched directory; a patient's id: never in a URL. */
    name: text().notNull(),
    /** Absolute path of the case folder. One case a path. */
    path: text().notNull().unique(),
    /** SHA-256 of the manifest's text at admission, hex. */
    fingerprint: text().notNull(),
    files: integer().notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    state: text().$type<CaseState>().notNull(),
    phase: text().$type<Phase>().notNull(),
    attempt: integer().notNull(),
    /** Counts entries into phases: an outcome that carries an older one is dropped. */
    entry: integer().notNull(),
    /** The machine's persisted snapshot, JSON: the truth; the columns around it are drawn from it for queries. */
    snapshot: text().notNull(),
    priority: integer().notNull().default(0),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    phaseSince: integer('phase_since').notNull(),
    host: text(),
    token: text(),
    slot: text(),
    jobId: text('job_id'),
    jobCreatedAt: text('job_created_at'),
    limitMs: integer('limit_ms').notNull(),
    observedMs: integer('observed_ms').notNull().default(0),
    paused: integer({ mode: 'boolean' }).notNull().default(false),
    blindCause: text('blind_cause').$type<BlindCause>(),
    blindSince: integer('blind_since'),
    /** The spell of its host that it refers to (`spells.id`), while it is blind. */
    blindSpell: integer('blind_spell'),
    blocked: text(),
    failureKind: text('failure_kind').$type<FailureKind>(),
    failure: text({ mode: 'json' }).$type<Failure>(),
    /** Why the snapshot could not be read; the daemon leaves such a case alone and keeps its slot. */
    setAside: text('set_aside'),
  },
  (table) => [
    check('cases_state', oneOf('state', CASE_STATES)),
    index('cases_by_state').on(table.state, table.createdAt),
    index('cases_by_created').on(table.createdAt, table.id),
    index('cases_by_name').on(table.name),
  ],
);

export const attempts = sqliteTable(
  'attempts',
  {
    token: text().primaryKey(),
    /** Null for an attempt found on a host whose case this database does not know. */
    caseId: text('case_id').references(() => cases.id),
    number: integer().notNull(),
    host: text().notNull(),
    slot: text(),
    jobId: text('job_id'),
    jobCreatedAt: text('job_created_at'),
    limitMs: integer('limit_ms').notNull(),
    createdAt: integer('created_at').notNull(),
    endedAt: integer('ended_at'),
    /** As a look has seen it: whatever becomes of the receipt, its processes are looked for by it. */
    claim: text({ mode: 'json' }).$type<JobClaim>(),
    end: text({ mode: 'json' }).$type<End>(),
    failure: text({ mode: 'json' }).$type<Failure>(),
    /** Null while a job of it might still run: then its case is leased no slot, on any host. */
    proof: text().$type<Proof>(),
    proofAt: integer('proof_at'),
    /** What was found on the host, for an attempt that no live case owns. Null: no orphan, or dealt with. */
    orphan: text(),
    /** Bytes up or down, as the daemon last wrote them; for people. */
    movedBytes: integer('moved_bytes').notNull().default(0),
    totalBytes: integer('total_bytes'),
    /** How long the daemon had run (store/running-time) when it was first found to be over; null while it is not. */
    keptFromMs: integer('kept_from_ms'),
    /** When retention took its data off the host. */
    removedAt: integer('removed_at'),
  },
  (table) => [
    check('attempts_proof', oneOf('proof', ['revoked', 'gone', 'never_created', 'operator'])),
    index('attempts_by_case').on(table.caseId, table.number),
    index('attempts_unproven')
      .on(table.host)
      .where(sql`"proof" is null`),
    // whether a host was ever used, and what retention takes off it next
    index('attempts_by_host').on(table.host, table.removedAt, table.keptFromMs),
  ],
);

/** Append-only: what happened to a case. Not every look. */
export const journal = sqliteTable(
  'journal',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    caseId: text('case_id')
      .notNull()
      .references(() => cases.id),
    attempt: integer().notNull(),
    at: integer().notNull(),
    event: text().notNull(),
    fromPhase: text('from_phase').$type<Phase>(),
    toPhase: text('to_phase').$type<Phase>().notNull(),
    detail: text({ mode: 'json' }).$type<Readonly<Record<string, unknown>>>().notNull(),
    /** Of an entry into `failed`: why. */
    failureKind: text('failure_kind').$type<FailureKind>(),
  },
  (table) => [
    index('journal_by_case').on(table.caseId, table.id),
    // how many cases were ever over, and why: counters that no retry sets back
    index('journal_final')
      .on(table.toPhase, table.failureKind)
      .where(sql`"to_phase" in ('completed', 'failed')`),
  ],
);

export const SLOT_STATES = ['free', 'leased', 'quarantined'] as const;
export type SlotState = (typeof SLOT_STATES)[number];

export const slots = sqliteTable(
  'slots',
  {
    host: text().notNull(),
    name: text().notNull(),
    state: text().$type<SlotState>().notNull(),
    caseId: text('case_id').references(() => cases.id),
    token: text(),
    /** Why it is quarantined. */
    reason: text(),
    since: integer().notNull(),
    /** What somebody else computes on its GPU, as last seen, whatever its state; null for nothing. */
    busy: text(),
    /** In the configuration now; a slot that left it is never leased, and goes once it is free. */
    configured: integer({ mode: 'boolean' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.host, table.name] }),
    check('slots_state', oneOf('state', SLOT_STATES)),
    check('slots_lease', sql`("state" = 'leased') = ("case_id" is not null)`),
    index('slots_by_case').on(table.caseId),
  ],
);

/** What the work of an order is at, and how much of it is done; null where nobody knows how much there is. */
export interface OrderProgress {
  readonly doing: string;
  readonly moved: number;
  readonly total: number | null;
}

export const orders = sqliteTable(
  'orders',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    kind: text().notNull(),
    caseId: text('case_id').references(() => cases.id),
    /** What else the order needs: a limit, a slot, a path. */
    arguments: text({ mode: 'json' }).$type<Readonly<Record<string, unknown>>>().notNull(),
    by: text().notNull(),
    why: text().notNull(),
    createdAt: integer('created_at').notNull(),
    /** When its work began, for an order that is work; begun again after a restart. */
    startedAt: integer('started_at'),
    /** How far that work is; for people. */
    progress: text({ mode: 'json' }).$type<OrderProgress>(),
    handledAt: integer('handled_at'),
    outcome: text().$type<'done' | 'refused' | 'cancelled'>(),
    message: text(),
  },
  (table) => [
    index('orders_open')
      .on(table.id)
      .where(sql`"handled_at" is null`),
  ],
);

export const hosts = sqliteTable('hosts', {
  name: text().primaryKey(),
  state: text().$type<'connecting' | 'online' | 'offline'>().notNull(),
  since: integer().notNull(),
  lastSeenAt: integer('last_seen_at'),
  cause: text().$type<BlindCause>(),
  reason: text(),
  retryAt: integer('retry_at'),
  /** Null: not reconciled since start-up or since it was unreachable, so nothing is leased there. */
  reconciledAt: integer('reconciled_at'),
  node: text({ mode: 'json' }).$type<Node>(),
  notices: text({ mode: 'json' }).$type<readonly string[]>().notNull(),
});

/**
 * The journal of the hosts: one row for each time that a host was unreachable, however often it came and went meanwhile.
 * Cases refer to it.
 */
export const spells = sqliteTable(
  'spells',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    host: text().notNull(),
    cause: text().$type<BlindCause>().notNull(),
    reason: text().notNull(),
    since: integer().notNull(),
    /** When it was last lost. */
    last: integer().notNull(),
    /** How often it was lost. */
    times: integer().notNull(),
    /** When it had been reconciled again; null while it lasts. */
    endedAt: integer('ended_at'),
  },
  (table) => [index('spells_by_host').on(table.host, table.id)],
);

/** What is wrong with one thing, now or until a moment ago: written by store/troubles alone, read by all views. */
export const troubles = sqliteTable(
  'troubles',
  {
    /** `subjectText` of domain/trouble. */
    subject: text().notNull(),
    what: text().$type<TroubleKind>().notNull(),
    host: text(),
    token: text(),
    reason: text().notNull(),
    /** When it began; one that comes again soon after it was over goes on. */
    since: integer().notNull(),
    /** When it was last met, as far as that is written. */
    last: integer().notNull(),
    /** How often it began. */
    times: integer().notNull(),
    /** When it was over; null while it lasts. */
    overAt: integer('over_at'),
  },
  (table) => [
    primaryKey({ columns: [table.subject, table.what] }),
    index('troubles_lasting')
      .on(table.since)
      .where(sql`"over_at" is null`),
  ],
);

export const CANDIDATE_STATES = ['settling', 'history', 'rejected', 'admitted', 'changed', 'done'] as const;
export type CandidateState = (typeof CANDIDATE_STATES)[number];

/** Folders seen in the watched directory, and what became of each. */
export const candidates = sqliteTable(
  'candidates',
  {
    path: text().primaryKey(),
    name: text().notNull(),
    state: text().$type<CandidateState>().notNull(),
    reason: text(),
    caseId: text('case_id').references(() => cases.id),
    /** Signature (file count, bytes, newest mtime) when it was last read; a changed one is read anew. */
    signature: text().notNull(),
    firstSeenAt: integer('first_seen_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    check('candidates_state', oneOf('state', CANDIDATE_STATES)),
    index('candidates_by_state').on(table.state),
  ],
);

/**
 * What a person should hear of, once: from its begin to its end. Only opaque ids, names of the configuration and numbers
 * are in it: it is sent to others.
 */
export const incidents = sqliteTable(
  'incidents',
  {
    /** Names it for ever, in every message about it. */
    id: text().primaryKey(),
    kind: text().$type<AlarmKind>().notNull(),
    /** What it is about: a host, a slot, a disk, an attempt, a kind of failure. One open incident a kind and subject. */
    subject: text().notNull(),
    openedAt: integer('opened_at').notNull(),
    /** When its facts last changed. */
    updatedAt: integer('updated_at').notNull(),
    /** Null while it lasts. */
    endedAt: integer('ended_at'),
    /** How many cases it concerns. */
    count: integer().notNull(),
    facts: text({ mode: 'json' }).$type<Readonly<Record<string, unknown>>>().notNull(),
  },
  (table) => [
    uniqueIndex('incidents_open')
      .on(table.kind, table.subject)
      .where(sql`"ended_at" is null`),
    index('incidents_by_opened').on(table.openedAt),
  ],
);

/** One message to one sink: that an incident has opened, or ended. */
export const deliveries = sqliteTable(
  'deliveries',
  {
    incidentId: text('incident_id')
      .notNull()
      .references(() => incidents.id),
    sink: text().notNull(),
    edge: text().$type<Edge>().notNull(),
    createdAt: integer('created_at').notNull(),
    tries: integer().notNull().default(0),
    /** When it is tried next; null: delivered, or given up. */
    nextAt: integer('next_at'),
    deliveredAt: integer('delivered_at'),
    /** Why the last try failed. */
    error: text(),
  },
  (table) => [
    primaryKey({ columns: [table.incidentId, table.sink, table.edge] }),
    check('deliveries_edge', oneOf('edge', ['opened', 'ended'])),
    index('deliveries_due')
      .on(table.nextAt)
      .where(sql`"next_at" is not null`),
  ],
);
