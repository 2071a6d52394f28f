import { isFinal } from '../../domain/case.ts';
import type { CaseRow } from '../../store/cases.ts';

/** The cases that are not final, as last committed: so that no sweep reads the database to know what to look at. */
export interface LiveCases {
  get(caseId: string): CaseRow | null;
  all(): CaseRow[];
  on(host: string): CaseRow[];
  note(row: CaseRow): void;
}

export function createLiveCases(): LiveCases {
  const rows = new Map<string, CaseRow>();
  return {
    get: (caseId) => rows.get(caseId) ?? null,
    all: () => [...rows.values()],
    on: (host) => [...rows.values()].filter((row) => row.host === host),
    note(row) {
      if (isFinal(row.state) || row.setAside !== null) rows.delete(row.id);
      else rows.set(row.id, row);
    },
  };
}
