import { isFinal } from '../../../domain/case.ts';
import type { Order } from '../../../domain/order.ts';
import { dismissEndedOrphans, holdingBack } from '../../../store/attempts.ts';
import type { AttemptRow } from '../../../store/attempts.ts';
import { readCase } from '../../../store/cases.ts';
import type { CaseRow } from '../../../store/cases.ts';
import type { OrderRow } from '../../../store/orders.ts';
import { startAttempt } from '../../case/admit.ts';
import type { FoundCase } from '../../case/admit.ts';
import type { OrderBook } from '../book.ts';
import { SOON, refused } from '../deed.ts';
import type { Deed, DeedOutcome } from '../deed.ts';

/** Reads a case's folder anew, as the intake does. Ends at once when the signal aborts. */
export type InspectFolder = (
  path: string,
  options: {
    readonly signal: AbortSignal;
    /** Bytes that were read, of so many. */
    readonly onRead: (moved: number, total: number) => void;
    /** The read of another folder has not come back. */
    readonly onWait: () => void;
  },
) => Promise<
  | { readonly kind: 'ready'; readonly found: FoundCase }
  | { readonly kind: 'rejected'; readonly reason: string }
  /** `quietMs`: left alone for so long, it is complete; null where something else is awaited. */
  | { readonly kind: 'settling'; readonly reason: string; readonly quietMs: number | null }
  /** The disk, or the database, said no: nothing is known of the folder. */
  | { readonly kind: 'blind'; readonly reason: string }
  | { readonly kind: 'stopped' }
>;

const READING = 'its folder is being read for a retry';
const WAITING =
  'it waits to be read for a retry: the disk or file server of a folder that was read before does not answer';

/** A disk that said no is asked again after this. */
const BLIND_MS = 30_000;

/** The next attempt of a case that is over, or of one that an ended orphan holds back, with its folder as it is now. */
export async function retryCase(
  book: OrderBook,
  inspect: InspectFolder,
  row: OrderRow,
  order: Extract<Order, { kind: 'retry' }>,
  deed: Deed,
): Promise<DeedOutcome> {
  const { store } = book;
  const before = readCase(store.db, order.caseId);
  const objection =
    before === null
      ? `there is no case ${order.caseId}`
      : objectionTo(before, holdingBack(store.db, before.id, before.token));
  if (before === null || objection !== null) return refused(book, row, objection ?? '');
  deed.progress({ doing: READING, moved: 0, total: before.sizeBytes });
  const folder = await inspect(before.path, {
    signal: deed.signal,
    onRead: (moved, total) => deed.progress({ doing: READING, moved, total }),
    onWait: () => deed.progress({ doing: WAITING, moved: 0, total: null }),
  });
  if (deed.signal.aborted) return SOON;
  switch (folder.kind) {
    case 'stopped':
      return SOON;
    case 'blind':
      deed.progress({ doing: `its folder cannot be read for a retry: ${folder.reason}`, moved: 0, total: null });
      return { againAfterMs: BLIND_MS };
    case 'settling':
      if (folder.quietMs === null) return refused(book, row, `its folder cannot be taken: ${folder.reason}`);
      deed.progress({ doing: `it waits for its folder: ${folder.reason}`, moved: 0, total: null });
      return { againAfterMs: folder.quietMs };
    case 'rejected':
      return refused(book, row, `its folder cannot be taken: ${folder.reason}`);
    case 'ready':
      return begin(book, row, order, before, folder.found);
  }
}

function begin(
  book: OrderBook,
  row: OrderRow,
  order: Extract<Order, { kind: 'retry' }>,
  before: CaseRow,
  found: FoundCase,
): DeedOutcome {
  const { store, clock, dispatching } = book;
  const change = store.write((tx) => {
    const now = readCase(tx, order.caseId);
    if (now?.entry !== before.entry) return null;
    dismissEndedOrphans(tx, now.id);
    const limitMs = order.limitMs ?? now.limitMs;
    const started = startAttempt(tx, now, { found, limitMs, by: row.by, why: row.why }, clock.now());
    const changed = now.fingerprint === found.fingerprint ? '' : ' with the folder as it is now';
    book.done(tx, row, `attempt ${started.row.attempt} waits for its turn${changed}`);
    return started;
  });
  if (change === null) return refused(book, row, 'the case moved on meanwhile; look again: mqi cases show');
  dispatching.announce(change);
  return 'closed';
}

function objectionTo(before: CaseRow, held: readonly AttemptRow[]): string | null {
  if (before.setAside !== null && before.state !== 'submitted') {
    return `its state cannot be read and a job of it may run (mqi cases abandon ${before.id})`;
  }
  const isHeld = before.phase === 'waiting' && held.some((attempt) => attempt.orphan !== null);
  if (!isFinal(before.state) && !isHeld && before.setAside === null) {
    const end = before.phase === 'collecting' || before.phase === 'stopping' ? 'abandon' : 'cancel';
    return `it is ${before.phase}: only a case that is over can be retried (mqi cases ${end} ${before.id})`;
  }
  const alive = held.find((attempt) => attempt.proof === null && attempt.orphan !== null);
  if (alive !== undefined) {
    return `attempt ${alive.token} may still run on ${alive.host} (${alive.orphan}): mqi cases adopt ${before.id}`;
  }
  return null;
}
