import { readMeta, writeMeta } from '../store/meta.ts';
import { countCases } from '../store/queries.ts';
import type { Desk } from './desk.ts';
import { tryWrite } from './desk.ts';
import { recordedText } from './recorded.ts';
import type { Scan } from './scan.ts';

/** A first start that finds more folders than this has found a history, not work (DESIGN.md 10). */
const MOST_AT_FIRST_START = 10;

type Listing = Extract<Scan, { kind: 'listed' }>;

/**
 * At the first scan of a watched directory: what lies there already may be a hospital's history, which must not be
 * submitted by surprise. A directory counts as new when this database never saw its path, and as long as nothing at all is
 * known, when another one has the path: an empty mount point at boot is not the disk that comes later.
 *
 * Returns whether candidates may be admitted now; false when the decision could not be written down.
 */
export function openIntake(desk: Desk, identity: string, scan: Listing): boolean {
  return tryWrite(desk, () => {
    const opened = readMeta(desk.store.db, 'intake_opened');
    const now = `${identity} ${desk.watch.path}`;
    if (opened === now) return 'unwritten';
    // the rest of the text is the path, whatever is in it
    const isSamePath = opened !== null && opened.slice(opened.indexOf(' ') + 1) === desk.watch.path;
    const isNew = isSamePath || opened === null ? isNothingKnown(desk) : true;
    // what was not listed would seem new later
    if (isNew && scan.crowded) throw new Error(`${desk.watch.path} holds too much for a first start`);
    const unknown = scan.folders.filter(({ path }) => desk.ledger.get(path) === undefined);
    const history = isNew && unknown.length > MOST_AT_FIRST_START ? unknown : [];
    desk.ledger.put(
      history.map(({ path, name, stamp }) => ({
        path,
        name,
        state: 'history',
        reason: 'it was here at the first start: mqi intake admit',
        caseId: null,
        signature: recordedText({ stamp, signature: '', fingerprint: '' }),
      })),
      (tx) => {
        writeMeta(tx, 'intake_opened', now);
        writeMeta(tx, 'intake_opened_at', String(desk.clock.now()));
      },
    );
    if (history.length > 0) tellHistory(desk, history.length);
  });
}

/** A stray file on an empty mount point is no sign of work. */
function isNothingKnown(desk: Desk): boolean {
  for (const { state } of desk.ledger.rows()) if (state !== 'rejected') return false;
  return countCases(desk.store.db).length === 0;
}

function tellHistory(desk: Desk, folders: number): void {
  desk.log({
    level: 'warn',
    event: 'intake.history',
    folders,
    message:
      `the first start found ${folders} folders in ${desk.watch.path}, and admits none of them by itself. ` +
      'To run them all: mqi intake admit --all. To take them as done: mqi intake admit --as-done --all. ' +
      'To run one: mqi intake admit NAME. Folders that appear from now on become cases as usual',
  });
}
