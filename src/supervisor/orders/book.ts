import type { CaseEvent } from '../../../machines/index.ts';
import type { Clock } from '../../domain/clock.ts';
import { readCase } from '../../store/cases.ts';
import type { CaseRow } from '../../store/cases.ts';
import type { Store, Tx } from '../../store/database.ts';
import { closeOrder } from '../../store/orders.ts';
import type { OrderRow } from '../../store/orders.ts';
import type { Dispatching } from '../case/dispatch.ts';

/** What every order needs: the store, a way to change cases, and to be closed. */
export interface OrderBook {
  readonly store: Store;
  readonly clock: Clock;
  readonly dispatching: Dispatching;
  /**
   * In the same transaction as what the order did, so that a crash never leaves one without the other.
   * @throws when it was closed meanwhile: nothing of the transaction is written
   */
  done(tx: Tx, row: OrderRow, message: string): void;
  refuse(row: OrderRow, message: string): void;
  /** An order that is one event. `otherwise` says why the case does not take it where it is. */
  send(row: OrderRow, caseId: string, event: CaseEvent, message: string, otherwise: (row: CaseRow) => string): void;
}

export function createOrderBook(deps: Pick<OrderBook, 'store' | 'clock' | 'dispatching'>): OrderBook {
  const { store, clock, dispatching } = deps;
  const done = (tx: Tx, row: OrderRow, message: string): void => {
    if (!closeOrder(tx, row.id, 'done', message, clock.now())) throw new Error(`order ${row.id} was closed meanwhile`);
  };
  const refuse = (row: OrderRow, message: string): void =>
    store.write((tx) => void closeOrder(tx, row.id, 'refused', message, clock.now()));
  return {
    ...deps,
    done,
    refuse,
    send(row, caseId, event, message, otherwise) {
      const found = readCase(store.db, caseId);
      if (found === null) return refuse(row, `there is no case ${caseId}`);
      const change = dispatching.dispatch(caseId, event, { also: (tx) => done(tx, row, message) });
      if (change === null) refuse(row, otherwise(found));
    },
  };
}
