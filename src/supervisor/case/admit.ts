import type { CaseRow } from '../../store/cases.ts';
import { insertCase, readCase, updateCase } from '../../store/cases.ts';
import { claimStrayAttempts, readAttemptsOfCase } from '../../store/attempts.ts';
import type { Tx } from '../../store/database.ts';
import { appendJournal } from '../../store/journal.ts';
import { endTrouble } from '../../store/troubles.ts';
import { columnsOf, firstSnapshot } from './commit.ts';
import type { CaseChange, OutsideEvent } from './commit.ts';

/** A folder that was read whole and may become a case. */
export interface FoundCase {
  /** Absolute. */
  readonly path: string;
  /** Below the watched directory, parts joined by `/`. */
  readonly name: string;
  /** SHA-256 of its manifest's text, hex. */
  readonly fingerprint: string;
  readonly files: number;
  readonly sizeBytes: number;
}

/** Makes a folder a case: the first attempt, waiting for its turn. */
export function admitCase(tx: Tx, id: string, found: FoundCase, limitMs: number, at: number): CaseChange {
  const first = firstSnapshot({ caseId: id, attempt: 1, limitMs });
  insertCase(tx, {
    ...found,
    ...columnsOf(first),
    id,
    state: 'submitted',
    attempt: 1,
    limitMs,
    entry: 1,
    createdAt: at,
    updatedAt: at,
    phaseSince: at,
  });
  claimStrayAttempts(tx, id);
  return journaled(
    tx,
    readCase(tx, id)!,
    null,
    'case.admitted',
    { files: found.files, sizeBytes: found.sizeBytes },
    at,
  );
}

/**
 * The next attempt of a case that is over. `found` is its folder as it is now; `number` is given when an attempt that
 * exists already is taken up again.
 */
export function startAttempt(
  tx: Tx,
  row: CaseRow,
  options: {
    readonly found: FoundCase | null;
    readonly limitMs: number;
    readonly number?: number;
    readonly by: string;
    readonly why: string;
    readonly type?: 'operator.retried' | 'attempt.forgotten';
  },
  at: number,
): CaseChange {
  const numbers = readAttemptsOfCase(tx, row.id).map((attempt) => attempt.number);
  const attempt = options.number ?? Math.max(row.attempt, ...numbers) + 1;
  const first = firstSnapshot({ caseId: row.id, attempt, limitMs: options.limitMs });
  const { fingerprint, files, sizeBytes } = options.found ?? row;
  // what held the attempt before up holds this one up no more
  if (row.token !== null && row.host !== null && row.blocked !== null)
    endTrouble(tx, { kind: 'attempt', host: row.host, token: row.token }, 'blocked', at);
  updateCase(tx, row, {
    ...columnsOf(first),
    fingerprint,
    files,
    sizeBytes,
    entry: row.entry + 1,
    updatedAt: at,
    phaseSince: at,
    setAside: null,
  });
  const { by, why, type = 'operator.retried' } = options;
  return journaled(tx, readCase(tx, row.id)!, row, type, { by, why }, at);
}

function journaled(
  tx: Tx,
  row: CaseRow,
  before: CaseRow | null,
  type: OutsideEvent,
  detail: Readonly<Record<string, unknown>>,
  at: number,
): CaseChange {
  const journalId = appendJournal(tx, {
    caseId: row.id,
    attempt: row.attempt,
    at,
    event: type,
    fromPhase: before?.phase ?? null,
    toPhase: row.phase,
    detail,
  });
  return { event: { type }, from: before?.phase ?? null, to: row.phase, row, journalId, at };
}
