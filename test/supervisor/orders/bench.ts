import type { Order } from '../../../src/domain/order.ts';
import { orderOf, readOrder, recordOrder } from '../../../src/store/orders.ts';
import type { OrderRow } from '../../../src/store/orders.ts';
import type { Scheduler } from '../../../src/scheduler/scheduler.ts';
import { createDispatching } from '../../../src/supervisor/case/dispatch.ts';
import { noFailPoints } from '../../../src/supervisor/fail-point.ts';
import { createOrderBook } from '../../../src/supervisor/orders/book.ts';
import type { OrderBook } from '../../../src/supervisor/orders/book.ts';
import { createDeed } from '../../../src/supervisor/orders/deed.ts';
import type { Deed, DeedOutcome, RunningDeed } from '../../../src/supervisor/orders/deed.ts';
import type { OrderHosts } from '../../../src/supervisor/orders/hosts.ts';
import type { World } from '../world.ts';

/** One deed by itself, in the world of a test whose time stands still but for it. */
export interface Bench {
  readonly hosts: OrderHosts & { isUp: boolean; isAwaitedNow: boolean };
  /** What was asked of the hosts beside their ports: `reconcile`, `retry`. */
  readonly asked: string[];
  /** Runs it; `outcome` comes when it ends. */
  run(order: Order, act: Act): { readonly outcome: Promise<DeedOutcome>; readonly deed: RunningDeed; row(): OrderRow };
}

type Act = (given: {
  readonly book: OrderBook;
  readonly hosts: OrderHosts;
  readonly row: OrderRow;
  readonly deed: Deed;
}) => Promise<DeedOutcome>;

/** `scheduler`: what its host answers otherwise than the one of the world. */
export function createBench(world: World, scheduler: Partial<Scheduler> = {}): Bench {
  const { store, clock } = world;
  const book = createOrderBook({
    store,
    clock,
    dispatching: createDispatching({ store, clock, failPoint: noFailPoints }),
  });
  const own = world.host.host;
  const host = { ...own, scheduler: { ...own.scheduler, ...scheduler } };
  const asked: string[] = [];
  const hosts = {
    names: [host.name],
    isUp: true,
    isAwaitedNow: false,
    host: (name: string) => (name === host.name ? host : null),
    isOnline: () => hosts.isUp,
    isAwaited: () => hosts.isAwaitedNow,
    reconcile: (name: string) => void asked.push(`reconcile ${name}`),
    retry: (name: string) => void asked.push(`retry ${name}`),
  };
  return {
    hosts,
    asked,
    run(order, act) {
      const id = recordOrder(store, order, 'alice', 'a test', clock.now());
      const row = readOrder(store.db, id)!;
      const deed = createDeed({
        store,
        clock,
        row,
        onStanding: () => {},
        onTrouble: (error) => {
          throw error;
        },
      });
      if (orderOf(row).kind !== order.kind) throw new Error('the order is not as it was recorded');
      return { outcome: act({ book, hosts, row, deed }), deed, row: () => readOrder(store.db, id)! };
    },
  };
}

/** Answers only when it is broken off. */
export function never<T>(broken: T): (signal: AbortSignal) => Promise<T> {
  return (signal) =>
    new Promise((resolve) => {
      if (signal.aborted) resolve(broken);
      else signal.addEventListener('abort', () => resolve(broken), { once: true });
    });
}

/** Nobody else takes up orders from now on. */
export async function stop(world: World): Promise<void> {
  const stopped = world.supervisor.stop();
  await world.clock.pass(60_000);
  await stopped;
}
