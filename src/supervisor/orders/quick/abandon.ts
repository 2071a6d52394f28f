import type { Order } from '../../../domain/order.ts';
import { readCase } from '../../../store/cases.ts';
import type { OrderRow } from '../../../store/orders.ts';
import { quarantineSlotsOfCase } from '../../../store/slots.ts';
import { startAttempt } from '../../case/admit.ts';
import { commitEvent } from '../../case/commit.ts';
import type { OrderBook } from '../book.ts';

const MESSAGE = 'it is given up; a slot that it held is quarantined until its job is proven gone, or mqi slots clear';

/** The only way out without proof. A case whose state cannot be read goes the same way, by a fresh one. */
export function abandonCase(book: OrderBook, row: OrderRow, order: Extract<Order, { kind: 'abandon' }>): void {
  const { by, why } = row;
  const event = { type: 'operator.abandoned', by, why } as const;
  const target = readCase(book.store.db, order.caseId);
  if (target === null || target.setAside === null) {
    return book.send(row, order.caseId, event, MESSAGE, (now) => `it is ${now.state} already`);
  }
  const at = book.clock.now();
  const change = book.store.write((tx) => {
    quarantineSlotsOfCase(tx, target.id, `its case was abandoned by ${by} without proof: ${why}`, at);
    startAttempt(tx, target, { found: null, limitMs: target.limitMs, number: target.attempt, by, why }, at);
    book.done(tx, row, MESSAGE);
    return commitEvent(tx, target.id, event, null, at);
  });
  if (change !== null) book.dispatching.announce(change);
}
