import type { CandidateRow } from '../store/candidates.ts';
import { readCase } from '../store/cases.ts';
import type { Desk } from './desk.ts';
import { signOptions, tryWrite } from './desk.ts';
import { parseRecorded } from './recorded.ts';
import { signFolder, signatureText } from './signature.ts';

/** Known folders that are walked through at a rescan: with 10,000 of them and 30 s between rescans each has its turn in 4 hours. */
const KNOWN_A_RESCAN = 20;
/** Rejected ones are few, and somebody waits for the rejection to go away. */
const REJECTED_A_RESCAN = 20;
/** Entries that these walks may meet at a rescan, about a second of work; the rest waits for the next one. */
const ENTRIES_A_RESCAN = 40_000;

/** Notices, in turns, what one `lstat` of a known folder cannot show: a write to a file in it. */
export interface Recheck {
  /** Returns the folders that are not as recorded. */
  next(desk: Desk): Promise<readonly CandidateRow[]>;
}

export function createRecheck(): Recheck {
  const known = new Turn(KNOWN_A_RESCAN, (row) => ['admitted', 'changed', 'done'].includes(row.state));
  // a rejected file has no signature, and is compared by its stamp alone
  const rejected = new Turn(
    REJECTED_A_RESCAN,
    (row) => row.state === 'rejected' && parseRecorded(row.signature).signature !== '',
  );
  return {
    async next(desk) {
      const different: CandidateRow[] = [];
      let entries = 0;
      for (const { row, turn } of [...rejected.take(desk), ...known.take(desk)]) {
        if (desk.signal.aborted || entries > ENTRIES_A_RESCAN) break;
        turn.passed(row);
        const sight = await signFolder(row.path, signOptions(desk));
        // gone or unreadable: no proof of anything
        if (sight.kind !== 'seen') continue;
        entries += sight.signature.files + 1;
        const recorded = parseRecorded(row.signature);
        const text = signatureText(sight.signature);
        if (recorded.signature === text) continue;
        if (row.state === 'done' && recorded.signature === '') first(desk, row, text);
        else different.push(row);
      }
      return different;
    },
  };
}

/** Of a folder set aside unread the first walk becomes what later ones are compared with. */
function first(desk: Desk, row: CandidateRow, text: string): void {
  const { stamp } = parseRecorded(row.signature);
  tryWrite(desk, () => desk.ledger.put([{ ...row, signature: `${stamp} ${text} ` }]));
}

/** Rows in turn, a few at a time, whatever is added or removed meanwhile. */
class Turn {
  readonly #most: number;
  readonly #wants: (row: CandidateRow) => boolean;
  #after = '';

  constructor(most: number, wants: (row: CandidateRow) => boolean) {
    this.#most = most;
    this.#wants = wants;
  }

  take(desk: Desk): { readonly row: CandidateRow; readonly turn: Turn }[] {
    const wanted = [...desk.ledger.rows()].filter((row) => this.#wants(row) && !desk.unsettled.get(row.path));
    wanted.sort((a, b) => (a.path < b.path ? -1 : 1));
    const from = wanted.findIndex((row) => row.path > this.#after);
    const next = from === -1 ? wanted.slice(0, this.#most) : wanted.slice(from, from + this.#most);
    return next.map((row) => ({ row, turn: this }));
  }

  passed(row: CandidateRow): void {
    this.#after = row.path;
  }
}

/** Changed folders that a retry has taken up as they are: its case has their fingerprint now. */
export function settleRetried(desk: Desk): void {
  tryWrite(desk, () => {
    const retried = [...desk.ledger.rows()].filter((row) => isRetried(desk, row));
    if (retried.length === 0) return 'unwritten';
    desk.ledger.put(retried.map((row) => ({ ...row, state: 'admitted', reason: null })));
  });
}

function isRetried(desk: Desk, row: CandidateRow): boolean {
  if (row.state !== 'changed' || row.caseId === null) return false;
  const { fingerprint } = parseRecorded(row.signature);
  return fingerprint !== '' && readCase(desk.store.db, row.caseId)?.fingerprint === fingerprint;
}
