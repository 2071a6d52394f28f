import { isFinal } from '../../../domain/case.ts';
import type { Order } from '../../../domain/order.ts';
import { readAttemptsOfCase, recordProof, updateAttempt } from '../../../store/attempts.ts';
import type { AttemptRow } from '../../../store/attempts.ts';
import { readCase } from '../../../store/cases.ts';
import type { CaseRow } from '../../../store/cases.ts';
import type { ReadDb } from '../../../store/database.ts';
import type { OrderRow } from '../../../store/orders.ts';
import { readSlot } from '../../../store/slots.ts';
import { startAttempt } from '../../case/admit.ts';
import type { OrderBook } from '../book.ts';

/** Gives a job that was found on a host back to its case: followed if it runs, collected if it has ended. */
export function adoptOrphan(book: OrderBook, row: OrderRow, order: Extract<Order, { kind: 'adopt' }>): void {
  const { store, clock, dispatching } = book;
  const target = readCase(store.db, order.caseId);
  if (target === null) return book.refuse(row, `there is no case ${order.caseId}`);
  const meant = readAttemptsOfCase(store.db, order.caseId).filter(
    (attempt) => order.token === null || attempt.token === order.token,
  );
  const orphans = meant.filter((attempt) => attempt.orphan !== null);
  const [orphan] = orphans;
  if (orphan === undefined) return book.refuse(row, noOrphan(target, meant.findLast(wasGivenUp) ?? null));
  if (orphans.length > 1) {
    return book.refuse(
      row,
      `it has ${orphans.length} orphans; name one with --token: ${orphans.map((o) => o.token).join(', ')}`,
    );
  }
  const objection = objectionTo(store.db, target, orphan);
  if (objection !== null) return book.refuse(row, objection);

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
  book.send(row, target.id, event, `attempt ${token} is its job again`, (now) => `it is ${now.phase}`);
}

/** Given up, or cut short, with a job that could run. */
function wasGivenUp({ slot, failure }: AttemptRow): boolean {
  return slot !== null && (failure?.kind === 'abandoned' || failure?.kind === 'interrupted');
}

/** Why there is nothing to adopt, where somebody could think that there is. */
function noOrphan(target: CaseRow, left: AttemptRow | null): string {
  if (left === null || left.proof === 'revoked') return 'no orphan of this case is known (mqi orphans)';
  const { token, host, end } = left;
  if (left.removedAt !== null) return `what ${token} left on ${host} was removed there when its time was over (keep)`;
  if (left.proof === null) {
    return `${host} was not asked about ${token} since it was given up: once it was, mqi orphans lists it (mqi hosts list)`;
  }
  if (end === null || end.kind === 'lost')
    return `nothing of ${token} runs on ${host}, and it left no receipt of an end`;
  return target.attempt === left.number && isFinal(target.state)
    ? `nothing of ${token} runs on ${host}, and it is offered no more`
    : `the case was retried meanwhile, as attempt ${target.attempt}: what ${token} left lies on ${host} in attempts/${token}, below its root`;
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
