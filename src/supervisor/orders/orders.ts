import { assertNever } from '../../domain/assert-never.ts';
import { isFinal } from '../../domain/case.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Order } from '../../domain/order.ts';
import { readCase, updateCase } from '../../store/cases.ts';
import type { Store } from '../../store/database.ts';
import { openOrders, orderOf } from '../../store/orders.ts';
import type { OrderRow } from '../../store/orders.ts';
import type { Dispatching } from '../case/dispatch.ts';
import { reasonOf } from '../log.ts';
import { abandonCase } from './deeds/abandon.ts';
import { adoptOrphan } from './deeds/adopt.ts';
import { clearSlotByOrder } from './deeds/clear.ts';
import { createOrderDesk } from './desk.ts';
import type { OrderDesk } from './desk.ts';
import type { OrderHosts } from './hosts.ts';
import { killOrphan } from './deeds/kill.ts';
import { retryCase } from './deeds/retry.ts';
import type { InspectFolder } from './deeds/retry.ts';
import { takeOverRoot } from './deeds/takeover.ts';

/** What orders need of the intake: to read a folder anew, and to let a held-back history in. */
export interface OrderedIntake {
  readonly inspect: InspectFolder;
  admit(order: {
    readonly path: string | null;
    readonly asDone: boolean;
  }): Promise<{ readonly admitted: number; readonly message: string }>;
}

export interface Orders {
  /** Handles every open order, oldest first. Never rejects for an order's sake. */
  runOnce(): Promise<void>;
}

export function createOrders(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly dispatching: Dispatching;
  readonly intake: OrderedIntake;
  readonly hosts: OrderHosts;
  /** A slot may be free now, or a case not held back any more. */
  readonly onReady: () => void;
}): Orders {
  const { store, intake, hosts } = deps;
  const desk = createOrderDesk(deps);

  const handle = async (row: OrderRow): Promise<void> => {
    const { by, why } = row;
    const order = orderOf(row);
    switch (order.kind) {
      case 'retry':
        return retryCase(desk, (path) => intake.inspect(path), row, order);
      case 'adopt':
        return adoptOrphan(desk, row, order);
      case 'kill_orphan':
        await killOrphan(desk, hosts, row, order);
        return deps.onReady();
      case 'abandon': {
        const host = readCase(store.db, order.caseId)?.host ?? null;
        abandonCase(desk, row, order);
        // what it held may be proven gone already: its slot is then free now, and not at the next sweep
        return host === null ? undefined : hosts.reconcile(host);
      }
      case 'cancel':
        return desk.send(row, order.caseId, { type: 'operator.cancelled', by, why }, 'it is being cancelled', (now) =>
          isFinal(now.state)
            ? `it is ${now.state} already`
            : `it is ${now.phase}: its job is over or being stopped already; to give it up: mqi cases abandon ${now.id}`,
        );
      case 'pause':
        return desk.send(
          row,
          order.caseId,
          { type: 'operator.paused', by },
          'it gets no slot until mqi cases resume',
          (now) =>
            now.paused ? 'it is paused already' : `it is ${now.phase}: only a case without a slot can be paused`,
        );
      case 'resume':
        return desk.send(
          row,
          order.caseId,
          { type: 'operator.resumed', by },
          'it waits for its turn',
          () => 'it is not paused',
        );
      case 'limit':
        return desk.send(
          row,
          order.caseId,
          { type: 'operator.limited', limitMs: order.limitMs },
          'the limit is set',
          (now) => `it is ${now.phase}: its time does not count any more`,
        );
      case 'priority':
        return setPriority(desk, row, order);
      case 'clear_slot':
        await clearSlotByOrder(desk, hosts, row, order);
        return deps.onReady();
      case 'admit': {
        const { admitted, message } = await intake.admit({ path: order.path, asDone: order.asDone });
        return admitted > 0 ? store.write((tx) => desk.done(tx, row, message)) : desk.refuse(row, message);
      }
      case 'takeover':
        return takeOverRoot(desk, hosts, row, order);
      default:
        return assertNever(order);
    }
  };

  return {
    async runOnce() {
      for (const row of openOrders(store.db)) {
        try {
          await handle(row);
        } catch (error) {
          desk.refuse(row, `it failed: ${reasonOf(error)}`);
        }
      }
    },
  };
}

function setPriority(desk: OrderDesk, row: OrderRow, order: Extract<Order, { kind: 'priority' }>): void {
  const found = readCase(desk.store.db, order.caseId);
  if (found?.state !== 'submitted') return desk.refuse(row, 'only a case that waits has a priority');
  desk.store.write((tx) => {
    updateCase(tx, found, { priority: order.priority, updatedAt: desk.clock.now() });
    desk.done(tx, row, `priority ${order.priority}`);
  });
}
