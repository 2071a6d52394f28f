import type { Clock } from '../../domain/clock.ts';
import type { Order, OrderKind } from '../../domain/order.ts';
import { DAEMON } from '../../domain/trouble.ts';
import type { Troubles } from '../../domain/trouble.ts';
import type { Store } from '../../store/database.ts';
import type { OrderRow } from '../../store/orders.ts';
import type { Log } from '../log.ts';
import { createDeed } from './deed.ts';
import type { Deed, DeedOutcome, RunningDeed } from './deed.ts';
import type { OrderOf, QuickKind } from './quick/table.ts';

/** An order that is work. */
export type DeedOrder = Exclude<Order, OrderOf<QuickKind>>;

/**
 * How many of a kind go on at once. A folder whose disk or file server does not answer keeps one of the four threads that
 * the process has for files until it does, so one is read at a time.
 */
const MOST_OF: { readonly [K in DeedOrder['kind']]: number } = {
  retry: 1,
  admit: 1,
  kill_orphan: 4,
  clear_slot: 4,
  takeover: 4,
};

/** How long a stop waits for deeds that do not end when they are told to. */
const STOP_WITHIN_MS = 5_000;

/** Where deeds go on, beside the pulse, the quick orders and each other. */
export interface Workshop {
  isAtWork(id: number): boolean;
  /** Nothing, while as many of its kind go on as may, or while it is to be left alone for a while. */
  begin(row: OrderRow, order: DeedOrder): void;
  /** Breaks a deed off. */
  abort(id: number): void;
  stop(): Promise<void>;
}

interface AtWork {
  readonly kind: OrderKind;
  readonly deed: RunningDeed;
  readonly ended: Promise<void>;
}

export function createWorkshop(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly troubles: Troubles;
  readonly log: Log;
  /** Never rejects. */
  readonly perform: (row: OrderRow, order: DeedOrder, deed: Deed) => Promise<DeedOutcome>;
  /** One of them is over, and the next may begin. */
  readonly onMore: () => void;
}): Workshop {
  const { store, clock, troubles, log } = deps;
  const atWork = new Map<number, AtWork>();
  /** When an open order may be taken up again, monotonic. */
  const restsUntilMs = new Map<number, number>();
  let isStopped = false;

  const run = async (row: OrderRow, order: DeedOrder, deed: RunningDeed): Promise<void> => {
    const outcome = await deps.perform(row, order, deed);
    deed.clear();
    atWork.delete(row.id);
    if (isStopped) return;
    if (outcome === 'closed') {
      restsUntilMs.delete(row.id);
      deps.onMore();
    } else restsUntilMs.set(row.id, clock.monotonic() + outcome.againAfterMs);
  };

  return {
    isAtWork: (id) => atWork.has(id),
    begin(row, order) {
      const sameKind = [...atWork.values()].filter((one) => one.kind === order.kind).length;
      if (isStopped || sameKind >= MOST_OF[order.kind]) return;
      if (clock.monotonic() < (restsUntilMs.get(row.id) ?? Number.NEGATIVE_INFINITY)) return;
      const deed = createDeed({
        store,
        clock,
        row,
        onStanding: ({ doing }) =>
          log.warn({ order: row.id, kind: row.kind }, `order #${row.id} (${row.kind}): ${doing}`),
        onTrouble: (error) => troubles.note(DAEMON, 'orders', error),
      });
      // the row is in the map before its work may end
      const ended = Promise.resolve().then(() => run(row, order, deed));
      atWork.set(row.id, { kind: order.kind, deed, ended });
    },
    abort: (id) => atWork.get(id)?.deed.abort(),
    async stop() {
      isStopped = true;
      for (const { deed } of atWork.values()) deed.abort();
      const late = new AbortController();
      const ended = [...atWork.values()].map((one) => one.ended);
      await Promise.race([Promise.allSettled(ended), clock.sleep(STOP_WITHIN_MS, late.signal)]);
      late.abort();
    },
  };
}
