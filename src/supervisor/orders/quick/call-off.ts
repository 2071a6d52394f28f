import { isFinal } from '../../../domain/case.ts';
import type { Order } from '../../../domain/order.ts';
import { readCase } from '../../../store/cases.ts';
import { closeOrder } from '../../../store/orders.ts';
import type { OrderRow } from '../../../store/orders.ts';
import type { OrderBook } from '../book.ts';

/**
 * A `cancel` or an `abandon` of a case of which a retry was ordered before, and has not begun its attempt: that retry is
 * what is meant. True: that was all, for the case itself is over.
 */
export function callOffRetries(
  book: OrderBook,
  row: OrderRow,
  order: Extract<Order, { kind: 'cancel' | 'abandon' }>,
  retries: readonly OrderRow[],
): boolean {
  const { store, clock } = book;
  const found = readCase(store.db, order.caseId);
  return store.write((tx) => {
    const at = clock.now();
    const who = `cancelled by ${row.by} (order #${row.id}: ${row.why}), before its attempt began`;
    const closed = retries.filter((retry) => closeOrder(tx, retry.id, 'cancelled', who, at));
    // another order has called them off already
    if (closed.length === 0 || found === null || !isFinal(found.state)) return false;
    const which = closed.map((retry) => `#${retry.id}`).join(', ');
    book.done(tx, row, `its retry (order ${which}) is cancelled; the case stays ${found.state}`);
    return true;
  });
}
