import { isFinal } from '../../../domain/case.ts';
import type { Order } from '../../../domain/order.ts';
import { dismissEndedOrphans, holdingBack } from '../../../store/attempts.ts';
import type { AttemptRow } from '../../../store/attempts.ts';
import { readCase } from '../../../store/cases.ts';
import type { CaseRow } from '../../../store/cases.ts';
import type { OrderRow } from '../../../store/orders.ts';
import { startAttempt } from '../../case/admit.ts';
import type { FoundCase } from '../../case/admit.ts';
import type { OrderDesk } from '../desk.ts';

/** Reads a case's folder anew, as the intake does. */
export type InspectFolder = (
  path: string,
) => Promise<
  | { readonly kind: 'ready'; readonly found: FoundCase }
  | { readonly kind: 'rejected' | 'settling'; readonly reason: string }
>;

/** The next attempt of a case that is over, or of one that an ended orphan holds back, with its folder as it is now. */
export async function retryCase(
  desk: OrderDesk,
  inspect: InspectFolder,
  row: OrderRow,
  order: Extract<Order, { kind: 'retry' }>,
): Promise<void> {
  const { store, clock } = desk;
  const before = readCase(store.db, order.caseId);
  if (before === null) return desk.refuse(row, `there is no case ${order.caseId}`);
  const objection = objectionTo(before, holdingBack(store.db, before.id, before.token));
  if (objection !== null) return desk.refuse(row, objection);
  const folder = await inspect(before.path);
  if (folder.kind !== 'ready') return desk.refuse(row, `its folder cannot be taken: ${folder.reason}`);
  const change = store.write((tx) => {
    const now = readCase(tx, order.caseId);
    if (now?.entry !== before.entry) return null;
    dismissEndedOrphans(tx, now.id);
    const limitMs = order.limitMs ?? now.limitMs;
    const started = startAttempt(tx, now, { found: folder.found, limitMs, by: row.by, why: row.why }, clock.now());
    const changed = now.fingerprint === folder.found.fingerprint ? '' : ' with the folder as it is now';
    desk.done(tx, row, `attempt ${started.row.attempt} waits for its turn${changed}`);
    return started;
  });
  if (change === null) return desk.refuse(row, 'the case moved on meanwhile; look again: mqi cases show');
  desk.dispatching.announce(change);
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
