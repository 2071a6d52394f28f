import type { CaseState, Phase } from '../../domain/case.ts';
import type { Failure } from '../../domain/failure.ts';
import type { End } from '../../domain/job.ts';
import { formatCursor } from '../../store/queries.ts';
import type { AttemptRow, CaseDetail, CasePage, JournalRow, ListedCase } from '../../store/queries.ts';
import { failureNow } from '../failure.ts';
import { resultsFolder } from '../results.ts';
import type { Explanation } from '../why/facts.ts';
import { orderShape } from './intake.ts';
import type { OrderShape } from './intake.ts';
import { spellShape } from '../spells.ts';
import type { SpellShape } from '../spells.ts';
import { troubleShape } from '../troubles.ts';
import type { TroubleShape } from '../troubles.ts';
import { timeOrNull, timeText } from './time.ts';

export interface CaseShape {
  readonly id: string;
  readonly name: string;
  /** One of the five: submitted, submitting, running, completed, failed. */
  readonly state: CaseState;
  readonly phase: Phase;
  readonly attempt: number;
  /** Null until a host was assigned. */
  readonly token: string | null;
  readonly host: string | null;
  readonly slot: string | null;
  /** The queue's own id of the job; null before there is one, and for a job known by its claim alone. */
  readonly job: string | null;
  readonly priority: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** How long the job was seen executing, without gaps. */
  readonly observedMs: number;
  readonly failure: Failure | null;
}

/** `attempt`: the case's own, as its token names it; null when it is not at hand. */
export function caseShape(row: ListedCase, attempt: AttemptRow | null): CaseShape {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    phase: row.phase,
    attempt: row.attempt,
    token: row.token,
    host: row.host,
    slot: row.slot,
    job: row.jobId,
    priority: row.priority,
    createdAt: timeText(row.createdAt),
    updatedAt: timeText(row.updatedAt),
    observedMs: row.observedMs,
    failure: failureNow(row.failure, attempt),
  };
}

export interface CaseListShape {
  readonly cases: readonly CaseShape[];
  /** For `--after`; null on the last page. */
  readonly next: string | null;
}

export function caseListShape(page: CasePage, attempts: ReadonlyMap<string, AttemptRow>): CaseListShape {
  const cases = page.cases.map((row) => caseShape(row, attempts.get(row.token ?? '') ?? null));
  return { cases, next: page.next === null ? null : formatCursor(page.next) };
}

export interface AttemptShape {
  readonly token: string;
  readonly number: number;
  readonly host: string;
  readonly slot: string | null;
  readonly job: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
  /** What the job wrote when it ended; null while it has not, or was never started. */
  readonly end: End | null;
  readonly failure: Failure | null;
  /** Why no job of it can run any more; null while one might. */
  readonly proof: AttemptRow['proof'];
  /** What was found of it on the host, while it is nobody's. */
  readonly orphan: string | null;
  readonly movedBytes: number;
  readonly totalBytes: number | null;
}

export function attemptShape(row: AttemptRow): AttemptShape {
  return {
    token: row.token,
    number: row.number,
    host: row.host,
    slot: row.slot,
    job: row.jobId,
    createdAt: timeText(row.createdAt),
    endedAt: timeOrNull(row.endedAt),
    end: row.end,
    failure: failureNow(row.failure, row),
    proof: row.proof,
    orphan: row.orphan,
    movedBytes: row.movedBytes,
    totalBytes: row.totalBytes,
  };
}

export interface JournalShape {
  readonly id: number;
  readonly at: string;
  readonly attempt: number;
  readonly event: string;
  readonly from: Phase | null;
  readonly to: Phase;
  readonly detail: Readonly<Record<string, unknown>>;
}

export function journalShape(row: JournalRow): JournalShape {
  return {
    id: row.id,
    at: timeText(row.at),
    attempt: row.attempt,
    event: row.event,
    from: row.fromPhase,
    to: row.toPhase,
    detail: row.detail,
  };
}

/** `mqi cases show --json`. */
export interface CaseDetailShape {
  readonly case: CaseShape & {
    readonly path: string;
    readonly fingerprint: string;
    readonly files: number;
    readonly sizeBytes: number;
    readonly limitMs: number;
    readonly phaseSince: string;
    readonly paused: boolean;
    /** Why its host cannot be seen now. */
    readonly blind: { readonly cause: NonNullable<ListedCase['blindCause']>; readonly since: string | null } | null;
    readonly blocked: string | null;
    readonly setAside: string | null;
    /** The folder of the last collected results; null while there are none. */
    readonly results: string | null;
  };
  readonly why: Explanation;
  readonly attempts: readonly AttemptShape[];
  readonly troubles: readonly TroubleShape[];
  /** When hosts of its attempts were unreachable in its time. */
  readonly unreachable: readonly SpellShape[];
  readonly orders: readonly OrderShape[];
  readonly journal: readonly JournalShape[];
}

export function caseDetailShape(detail: CaseDetail, results: string, why: Explanation): CaseDetailShape {
  const { row, attempts } = detail;
  const blindSince = timeOrNull(row.blindSince);
  return {
    case: {
      ...caseShape(row, attempts.find(({ token }) => token === row.token) ?? null),
      path: row.path,
      fingerprint: row.fingerprint,
      files: row.files,
      sizeBytes: row.sizeBytes,
      limitMs: row.limitMs,
      phaseSince: timeText(row.phaseSince),
      paused: row.paused,
      blind: row.blindCause === null ? null : { cause: row.blindCause, since: blindSince },
      blocked: row.blocked,
      setAside: row.setAside,
      results: collectedResults(detail, results),
    },
    why,
    attempts: detail.attempts.map(attemptShape),
    troubles: detail.troubles.map(troubleShape),
    unreachable: detail.spells.map(spellShape),
    orders: detail.orders.map(orderShape),
    journal: detail.journal.map(journalShape),
  };
}

/** Results are collected of every attempt whose job ended, so also of a failed one. */
function collectedResults({ row, journal }: CaseDetail, results: string): string | null {
  const collected = journal.findLast((entry) => entry.event === 'results.collected');
  return collected === undefined ? null : resultsFolder(results, row.name, collected.attempt);
}
