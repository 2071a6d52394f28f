import { isFinal } from '../domain/case.ts';
import type { Order } from '../domain/order.ts';
import { readAttemptsOfCase, recordProof, updateAttempt } from '../store/attempts.ts';
import type { AttemptRow } from '../store/attempts.ts';
import { readCase } from '../store/cases.ts';
import type { CaseRow } from '../store/cases.ts';
import type { ReadDb } from '../store/database.ts';
import type { OrderRow } from '../store/orders.ts';
import { readSlot } from '../store/slots.ts';
import { startAttempt } from './admit.ts';
import type { OrderDesk } from './order-desk.ts';

/** Gives a job that was found on a host back to its case: followed if it runs, collected if it has ended. */
export function adoptOrphan(desk: OrderDesk, row: OrderRow, order: Extract<Order, { kind: 'adopt' }>): void {
  const { store, clock, dispatching } = desk;
  const target = readCase(store.db, order.caseId);
  if (target === null) return desk.refuse(row, `there is no case ${order.caseId}`);
  const orphans = readAttemptsOfCase(store.db, order.caseId).filter(
    (attempt) => attempt.orphan !== null && (order.token === null || attempt.token === order.token),
  );
  const [orphan] = orphans;
  if (orphan === undefined) return desk.refuse(row, 'no orphan of this case is known (mqi orphans)');
  if (orphans.length > 1) {
    return desk.refuse(
      row,
      `it has ${orphans.length} orphans; name one with --token: ${orphans.map((o) => o.token).join(', ')}`,
    );
  }
  const objection = objectionTo(store.db, target, orphan);
  if (objection !== null) return desk.refuse(row, objection);

  const at = clock.now();
  const change = store.write((tx) => {
    // what was staged for it, and never created, is over
    if (!isFinal(target.state) && target.token !== null && target.token !== orphan.token) {
      recordProof(tx, target.token, 'never_created', at);
      updateAttempt(tx, target.token, { endedAt: at });
    }
    const { by, why } = row;
    return startAttempt(tx, target, { found: null, limitMs: target.limitMs, number: orphan.number, by, why }, at);
  });
  dispatching.announce(change);
  const { host, slot, token } = orphan;
  const job = { id: orphan.jobId, createdAt: orphan.jobCreatedAt };
  const event = { type: 'job.adopted', host, slot, token, job, end: endOf(orphan) } as const;
  desk.send(row, target.id, event, `attempt ${token} is its job again`, (now) => `it is ${now.phase}`);
}

/** Only a job that is proven gone, with a receipt, needs no slot any more. */
function endOf(orphan: AttemptRow): AttemptRow['end'] {
  return orphan.proof === null ? null : orphan.end;
}

function objectionTo(db: ReadDb, target: CaseRow, orphan: AttemptRow): string | null {
  if (!isFinal(target.state) && target.state !== 'submitted') {
    return `it is ${target.phase}: its own job comes first (mqi cases cancel ${target.id})`;
  }
  if (endOf(orphan) !== null) return null;
  if (orphan.slot === null) return `nobody knows which slot ${orphan.token} runs on`;
  const slot = readSlot(db, orphan.host, orphan.slot);
  if (slot === null) return `slot ${orphan.host}/${orphan.slot} is not configured any more`;
  return slot.state === 'leased' ? `slot ${orphan.host}/${orphan.slot} is leased to another case` : null;
}
