import type { Database } from '../daemon/database.ts';
import type { Phase } from '../../../src/domain/case.ts';
import type { FailureKind } from '../../../src/domain/failure.ts';
import type { TroubleKind } from '../../../src/domain/trouble.ts';
import type { Proof } from '../../../src/domain/attempt.ts';

export interface CaseLine {
  readonly id: string;
  readonly name: string;
  readonly fingerprint: string;
  readonly state: string;
  readonly phase: Phase;
  readonly attempt: number;
  readonly entry: number;
  readonly host: string | null;
  readonly token: string | null;
  readonly slot: string | null;
  readonly jobId: string | null;
  readonly limitMs: number;
  readonly observedMs: number;
  readonly paused: 0 | 1;
  readonly blindCause: string | null;
  readonly failureKind: FailureKind | null;
  readonly failure: string | null;
  readonly blocked: string | null;
  /** Why its job is being stopped. */
  readonly stop: 'cancelled' | 'limit' | 'missing' | 'lingering' | null;
  readonly setAside: string | null;
}

export interface SlotLine {
  readonly host: string;
  readonly name: string;
  readonly state: 'free' | 'leased' | 'quarantined';
  readonly caseId: string | null;
  readonly token: string | null;
}

export interface AttemptLine {
  readonly token: string;
  readonly caseId: string | null;
  readonly host: string;
  readonly slot: string | null;
  readonly proof: Proof | null;
  readonly orphan: string | null;
}

export interface TroubleLine {
  readonly token: string;
  readonly what: TroubleKind;
  readonly reason: string;
}

/** What is committed, as a whole. */
export interface Page {
  readonly cases: ReadonlyMap<string, CaseLine>;
  readonly slots: readonly SlotLine[];
  readonly attempts: readonly AttemptLine[];
  /** Hosts behind whose barrier every attempt was reconciled. */
  readonly reconciled: ReadonlySet<string>;
  /** Hosts that are unreachable. */
  readonly offline: ReadonlySet<string>;
  readonly online: ReadonlySet<string>;
  readonly hosts: readonly string[];
  /** Of hosts that are unreachable: the pause before the next connection, ms. */
  readonly pausesMs: ReadonlyMap<string, number>;
  /** Troubles of attempts that last. */
  readonly troubles: readonly TroubleLine[];
  /** It was set back to a backup, and not every host was seen since. */
  readonly isRestored: boolean;
}

const CASES = `select id, name, fingerprint, state, phase, attempt, entry, host, token, slot, job_id jobId, limit_ms limitMs, observed_ms observedMs,
  paused, blind_cause blindCause, failure_kind failureKind, failure, blocked,
  case when phase = 'stopping' then snapshot ->> '$.context.stop.kind' end stop, set_aside setAside from cases`;
const SLOTS = 'select host, name, state, case_id caseId, token from slots order by host, name';
const ATTEMPTS = 'select token, case_id caseId, host, slot, proof, orphan from attempts order by created_at, token';
const HOSTS = `select name, state, reconciled_at reconciledAt, retry_at retryAt,
  (select last from spells where host = name order by id desc limit 1) lostAt from hosts`;
const TROUBLES = 'select token, what, reason from troubles where token is not null and over_at is null';
const RESTORED = `select 1 from meta where key = 'is_backup' and value = 'yes'`;
const INTERRUPTED = `select 1 from journal where case_id = ? and attempt = ? and failure_kind = 'interrupted'`;
const RETRIES = `select count(*) from orders where case_id = ? and kind in ('retry', 'adopt') and outcome = 'done'`;

/** What a page has from each table. */
interface Tables {
  readonly cases: Pick<Page, 'cases'>;
  readonly slots: Page['slots'];
  readonly attempts: Page['attempts'];
  readonly hosts: Pick<Page, 'hosts' | 'reconciled' | 'offline' | 'online' | 'pausesMs'>;
  readonly troubles: Page['troubles'];
  readonly meta: Pick<Page, 'isRestored'>;
}

/** Reads the tables themselves: the checks must not share a mistake with the queries of the store. */
export class Book {
  readonly #database: Database;
  readonly #tables: { readonly [Name in keyof Tables]: () => Tables[Name] };

  constructor(database: Database) {
    this.#database = database;
    this.#tables = {
      cases: kept(database, 'cases', readCases),
      slots: kept(database, 'slots', (sqlite) => rowsOf<SlotLine>(sqlite, SLOTS)),
      attempts: kept(database, 'attempts', (sqlite) => rowsOf<AttemptLine>(sqlite, ATTEMPTS)),
      hosts: kept(database, 'hosts', readHosts),
      troubles: kept(database, 'troubles', (sqlite) => rowsOf<TroubleLine>(sqlite, TROUBLES)),
      meta: kept(database, 'meta', (sqlite) => ({ isRestored: sqlite.prepare(RESTORED).get() !== undefined })),
    };
  }

  read(): Page {
    const { cases, slots, attempts, hosts, troubles, meta } = this.#tables;
    return { ...cases(), slots: slots(), attempts: attempts(), troubles: troubles(), ...hosts(), ...meta() };
  }

  /** Whether this attempt was failed as one whose submission was cut short. */
  wasInterrupted(caseId: string, attempt: number): boolean {
    return this.#database.sqlite.prepare(INTERRUPTED).get(caseId, attempt) !== undefined;
  }

  /** How often an operator asked for another attempt of a case, and got it. */
  retriesOf(caseId: string): number {
    const row = this.#database.sqlite.prepare(RETRIES).get(caseId) as { readonly 'count(*)': number };
    return row['count(*)'];
  }
}

type Sqlite = Database['sqlite'];

/** A page is read at each commit, which changes one table or two: the others are as they were. */
function kept<T>(database: Database, table: keyof Tables, read: (sqlite: Sqlite) => T): () => T {
  let last: { readonly sqlite: Sqlite; readonly writes: number | undefined; readonly value: T } | null = null;
  return () => {
    const { sqlite } = database;
    const writes = database.writesTo(table);
    if (last === null || last.sqlite !== sqlite || last.writes !== writes)
      last = { sqlite, writes, value: read(sqlite) };
    return last.value;
  };
}

function readCases(sqlite: Sqlite): Tables['cases'] {
  return { cases: new Map(rowsOf<CaseLine>(sqlite, CASES).map((line) => [line.id, line])) };
}

interface HostLine {
  readonly name: string;
  readonly state: string;
  readonly reconciledAt: number | null;
  readonly retryAt: number | null;
  readonly lostAt: number | null;
}

function readHosts(sqlite: Sqlite): Tables['hosts'] {
  const hosts = rowsOf<HostLine>(sqlite, HOSTS);
  return {
    hosts: hosts.map((host) => host.name),
    reconciled: new Set(hosts.filter((host) => host.reconciledAt !== null).map((host) => host.name)),
    offline: new Set(hosts.filter((host) => host.state === 'offline').map((host) => host.name)),
    pausesMs: new Map(
      hosts.flatMap(({ name, state, retryAt, lostAt }) =>
        state === 'offline' && retryAt !== null && lostAt !== null ? [[name, retryAt - lostAt] as const] : [],
      ),
    ),
    online: new Set(hosts.filter((host) => host.state === 'online').map((host) => host.name)),
  };
}

/** Rows that come as lists take half the time of objects. */
function rowsOf<Row>(sqlite: Sqlite, text: string): Row[] {
  const statement = sqlite.prepare(text).raw();
  const names = statement.columns().map(({ name }) => name);
  return (statement.all() as unknown[][]).map((values) => {
    const row: Record<string, unknown> = {};
    for (const [at, name] of names.entries()) row[name] = values[at];
    return row as Row;
  });
}
