import { readCase, readCaseByPath } from '../store/cases.ts';
import type { CaseRow } from '../store/cases.ts';
import type { CandidateRow } from '../store/candidates.ts';
import type { Desk, FoundCase } from './desk.ts';
import { signOptions, tryWrite } from './desk.ts';
import { shellWord } from './names.ts';
import { explain, isKnown } from './pass.ts';
import { readCaseFolder } from './read-case.ts';
import type { CaseReading } from './read-case.ts';
import { mtimeOf, parseRecorded, recordedText } from './recorded.ts';
import { doubt } from './settle.ts';
import { shapeText } from './signature.ts';
import type { Candidate } from './unsettled.ts';

type Settled = NonNullable<Candidate['settled']>;

/** Decides what each settled candidate is, oldest first, one at a time: reading two at once would only slow both down. */
export async function classifySettled(desk: Desk): Promise<void> {
  for (const candidate of desk.unsettled.settled()) {
    if (desk.signal.aborted) return;
    if (candidate.settled !== null && desk.unsettled.has(candidate)) await classify(desk, candidate, candidate.settled);
  }
}

async function classify(desk: Desk, candidate: Candidate, settled: Settled): Promise<void> {
  const known = isKnown(desk, candidate) ? desk.ledger.get(candidate.path)! : null;
  if (known !== null && isAsRecorded(known, settled)) return keep(desk, candidate, settled, known);
  if (known !== null && known.caseId === null) return markUnread(desk, candidate, settled, known);

  const reading = await readCaseFolder(candidate.path, settled.signature, signOptions(desk));
  // an operator's order may have decided meanwhile
  if (!desk.unsettled.has(candidate)) return;
  switch (reading.kind) {
    case 'stopped':
      return;
    case 'moving':
      candidate.settled = null;
      candidate.settling = doubt(desk.clock.monotonic());
      candidate.nextSampleMs = desk.clock.monotonic();
      return explain(desk, candidate, 'it changed while it was read, so it is watched again');
    case 'blind':
      candidate.held = true;
      return explain(desk, candidate, `it cannot be read now (${reading.code}); it is tried again`, 'warn');
    case 'rejected':
    case 'read':
      break;
  }
  // a store that cannot be read or written leaves the candidate as it is, until the next rescan
  candidate.held = !tryWrite(desk, () => {
    const row = known?.caseId ? readCase(desk.store.db, known.caseId) : readCaseByPath(desk.store.db, candidate.path);
    if (row !== null) compare(desk, candidate, settled, row, reading);
    else if (reading.kind === 'rejected') reject(desk, candidate, settled, reading.reason);
    else admit(desk, settled, { path: candidate.path, name: candidate.name, ...reading.content });
  });
  if (!candidate.held) desk.unsettled.drop(candidate.path);
}

function admit(desk: Desk, settled: Settled, found: FoundCase): void {
  const { path, name } = found;
  const signature = recordedText({ ...settled, fingerprint: found.fingerprint });
  let put: { committed(): void } | null = null;
  const caseId = desk.admission.admit(found, (tx, id) => {
    put = desk.ledger.putWithin(tx, { path, name, state: 'admitted', reason: null, caseId: id, signature });
  });
  // assigned in the callback, which the compiler does not follow
  (put as { committed(): void } | null)?.committed();
  const { files, sizeBytes } = found;
  desk.log({
    level: 'info',
    event: 'intake.admitted',
    name,
    caseId,
    files,
    sizeBytes,
    message: `${name} is case ${caseId}`,
  });
}

function reject(desk: Desk, candidate: Candidate, settled: Settled, reason: string): void {
  const { path, name } = candidate;
  const signature = recordedText({ ...settled, fingerprint: '' });
  desk.ledger.put([{ path, name, state: 'rejected', reason, caseId: null, signature }]);
  desk.log({
    level: 'warn',
    event: 'intake.rejected',
    name,
    reason,
    message: `${name} cannot be a case, and was left as it is: ${reason}. It is read again when it changes`,
  });
}

/** A folder that has a case already: is it still what the case was made of? */
function compare(
  desk: Desk,
  candidate: Candidate,
  settled: Settled,
  row: CaseRow,
  reading: Extract<CaseReading, { kind: 'read' | 'rejected' }>,
): void {
  const { path, name } = candidate;
  const fingerprint = reading.kind === 'read' ? reading.content.fingerprint : '';
  const change = { path, name, caseId: row.id, signature: recordedText({ ...settled, fingerprint }) };
  if (fingerprint === row.fingerprint) {
    desk.ledger.put([{ ...change, state: 'admitted', reason: null }]);
    return desk.log({
      level: 'info',
      event: 'intake.recognised',
      name,
      caseId: row.id,
      message: `${name} was put there again; its content is that of case ${row.id}, so nothing is to be done`,
    });
  }
  const reason =
    reading.kind === 'read'
      ? `its content changed since it was admitted: mqi cases retry ${row.id} runs it as it is now`
      : `it changed since it was admitted, and cannot be a case as it is now: ${reading.reason}`;
  desk.ledger.put([{ ...change, state: 'changed', reason }]);
  desk.log({ level: 'warn', event: 'intake.changed', name, caseId: row.id, reason, message: `${name}: ${reason}` });
}

/**
 * Was it only touched? With a case, only the same signature says so. Without (history, done) nothing was read, so a copy
 * that kept all times counts as the same too: a history that moves to a new disk must not seem new.
 */
function isAsRecorded(row: CandidateRow, settled: Settled): boolean {
  const recorded = parseRecorded(row.signature);
  if (row.caseId !== null) return recorded.signature === settled.signature;
  return recorded.signature === ''
    ? mtimeOf(recorded.stamp) === mtimeOf(settled.stamp)
    : shapeText(recorded.signature) === shapeText(settled.signature);
}

function keep(desk: Desk, candidate: Candidate, settled: Settled, row: CandidateRow): void {
  const { fingerprint } = parseRecorded(row.signature);
  const signature = recordedText({ ...settled, fingerprint });
  candidate.held = !tryWrite(desk, () => desk.ledger.put([{ ...row, signature }]));
  if (candidate.held) return;
  desk.unsettled.drop(candidate.path);
  const { caseId, name } = row;
  desk.log({ level: 'debug', event: 'intake.recognised', name, caseId, message: `${name} was touched, not changed` });
}

/** A folder of the history, or set aside as done, is not what it was. It never ran, and does not start to by itself. */
function markUnread(desk: Desk, candidate: Candidate, settled: Settled, row: CandidateRow): void {
  const { name } = candidate;
  const since = row.state === 'history' ? 'the first start' : 'it was set aside as done';
  const reason = `it changed since ${since}: mqi intake admit ${shellWord(name)} runs it`;
  const state = row.state === 'history' ? 'history' : 'changed';
  const signature = recordedText({ ...settled, fingerprint: '' });
  candidate.held = !tryWrite(desk, () => desk.ledger.put([{ ...row, state, reason, signature }]));
  if (candidate.held) return;
  desk.unsettled.drop(candidate.path);
  desk.log({ level: 'warn', event: 'intake.changed', name, caseId: null, reason, message: `${name}: ${reason}` });
}
