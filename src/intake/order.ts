import { join, relative } from 'node:path';

import type { CandidateRow } from '../store/candidates.ts';
import type { Desk } from './desk.ts';
import { tryWrite } from './desk.ts';
import { lstatOf } from './directory.ts';
import type { LedgerChange } from './ledger.ts';
import { isHidden, quoted, shellWord } from './names.ts';
import { recordedText } from './recorded.ts';
import { strayReason } from './scan.ts';
import { stampOf } from './signature.ts';

/** `path`: a candidate's path or name; null: all of the history. */
export interface AdmitOrder {
  readonly path: string | null;
  /** Take it as done: known, without a case. */
  readonly asDone: boolean;
}

/** `admitted`: folders that the order let go on, or set aside as done. */
export interface AdmitOutcome {
  readonly admitted: number;
  readonly message: string;
}

/** Rows a transaction: some 10 ms, after which others get their turn. */
const ROWS_A_WRITE = 200;

/** `mqi intake admit`. What it lets go still has to settle and to be admissible, as any other folder. */
export async function obeyAdmit(desk: Desk, order: AdmitOrder): Promise<AdmitOutcome> {
  if (order.path === null) return admitHistory(desk, order.asDone);
  const row = findRow(desk, order.path);
  return row === null ? admitUnseen(desk, order.path, order.asDone) : admitOne(desk, row, order.asDone);
}

async function admitHistory(desk: Desk, asDone: boolean): Promise<AdmitOutcome> {
  const history = [...desk.ledger.rows()].filter((row) => row.state === 'history');
  let admitted = 0;
  for (let from = 0; from < history.length; from += ROWS_A_WRITE) {
    const some = history.slice(from, from + ROWS_A_WRITE);
    if (!letGo(desk, some, asDone)) {
      return { admitted, message: `the database cannot be written to: ${history.length - admitted} folders are left` };
    }
    admitted += some.length;
    await new Promise(setImmediate);
  }
  if (admitted === 0) return { admitted, message: 'no folder is held back from the first start' };
  const folders = admitted === 1 ? '1 folder' : `${admitted} folders`;
  return {
    admitted,
    message: asDone ? `${folders} are taken as done` : `${folders} become cases as soon as they have settled`,
  };
}

function admitOne(desk: Desk, row: CandidateRow, asDone: boolean): AdmitOutcome {
  const { name, caseId, reason } = row;
  const refused = (message: string): AdmitOutcome => ({ admitted: 0, message });
  if (caseId !== null) return refused(`${quoted(name)} is case ${caseId} already: mqi cases retry ${caseId}`);
  if (!asDone && row.state === 'settling') return refused(`${quoted(name)} has not settled yet: ${reason}`);
  if (asDone && row.state === 'done') return refused(`${quoted(name)} is taken as done already`);
  if (!letGo(desk, [row], asDone)) return refused('the database cannot be written to; try again later');
  return admittedOne(name, asDone);
}

function admittedOne(name: string, asDone: boolean): AdmitOutcome {
  return {
    admitted: 1,
    message: asDone
      ? `${quoted(name)} is taken as done`
      : `${quoted(name)} becomes a case as soon as it has settled: mqi intake list`,
  };
}

/** A folder that no scan has met yet. */
async function admitUnseen(desk: Desk, text: string, asDone: boolean): Promise<AdmitOutcome> {
  const path = join(desk.watch.path, relative(desk.watch.path, join(desk.watch.path, nameIn(desk, text))));
  const name = relative(desk.watch.path, path);
  const refused = (message: string): AdmitOutcome => ({ admitted: 0, message });
  const isInside = name !== '' && name.split('/').length === desk.watch.depth && !name.startsWith('../');
  const found = isInside ? await lstatOf(path) : null;
  if (found === null || found.kind === 'gone') {
    return refused(`there is no folder ${quoted(text)} in ${desk.watch.path}: mqi intake list`);
  }
  if (found.kind === 'blind') return refused(`${quoted(text)} cannot be read (${found.code})`);
  if (name.split('/').some((part) => isHidden(part) || desk.isTemporaryName(part))) {
    return refused(`${quoted(text)} is hidden or has a temporary name (watch.ignore), so it is no candidate`);
  }
  if (!found.stats.isDirectory()) return refused(`${quoted(text)} is ${strayReason(found.stats)}`);
  const signature = recordedText({ stamp: stampOf(found.stats), signature: '', fingerprint: '' });
  const row = { path, name, state: 'settling', reason: null, caseId: null, signature } as const;
  if (!letGo(desk, [row], asDone)) return refused('the database cannot be written to; try again later');
  return admittedOne(name, asDone);
}

function letGo(desk: Desk, rows: readonly LedgerChange[], asDone: boolean): boolean {
  const changes = rows.map((row): LedgerChange =>
    asDone
      ? {
          ...row,
          state: 'done',
          reason: `taken as done by an operator: mqi intake admit ${shellWord(row.name)} runs it`,
        }
      : { ...row, state: 'settling', reason: 'an operator admits it; it is watched until it is complete' },
  );
  if (!tryWrite(desk, () => desk.ledger.put(changes))) return false;
  for (const { path, name } of rows) {
    // from its first sample on, under the rule of its new state; where there is no room the next rescan tracks it
    desk.unsettled.drop(path);
    if (!asDone) desk.unsettled.track(path, name, desk.clock.monotonic());
  }
  return true;
}

function findRow(desk: Desk, text: string): CandidateRow | null {
  const byPath = desk.ledger.get(text) ?? desk.ledger.get(join(desk.watch.path, nameIn(desk, text)));
  return byPath ?? null;
}

/** What a person typed, as a name below the watched directory: a name, or a path, with or without a slash at its end. */
function nameIn(desk: Desk, text: string): string {
  const name = text.startsWith(`${desk.watch.path}/`) ? text.slice(desk.watch.path.length + 1) : text;
  return name.replace(/\/+$/, '');
}
