import { parseToken } from '../../../domain/attempt.ts';
import { isFinal } from '../../../domain/case.ts';
import { readCase } from '../../../store/cases.ts';
import type { CaseRow } from '../../../store/cases.ts';
import type { ReadDb } from '../../../store/database.ts';

/** The live case whose attempt it is; one that was set aside keeps what is its own as well. */
export function ownerOf(db: ReadDb, token: string): CaseRow | null {
  const row = readCase(db, parseToken(token)?.caseId ?? '');
  return row?.token === token && !isFinal(row.state) ? row : null;
}
