import { assertNever } from '../../domain/assert-never.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Order } from '../../domain/order.ts';
import { DAEMON } from '../../domain/trouble.ts';
import type { Troubles } from '../../domain/trouble.ts';
import type { Store } from '../../store/database.ts';
import { openOrders, orderOf } from '../../store/orders.ts';
import type { OrderRow } from '../../store/orders.ts';
import { isOfStore } from '../../store/store-error.ts';
import type { Dispatching } from '../case/dispatch.ts';
import { reasonOf } from '../log.ts';
import type { Log } from '../log.ts';
import { createOrderBook } from './book.ts';
import { SOON } from './deed.ts';
import type { Deed, DeedOutcome } from './deed.ts';
import { admitFolders } from './deeds/admit.ts';
import type { AdmitFolders } from './deeds/admit.ts';
import { clearSlotByOrder } from './deeds/clear.ts';
import { killOrphan } from './deeds/kill.ts';
import { retryCase } from './deeds/retry.ts';
import type { InspectFolder } from './deeds/retry.ts';
import { takeOverRoot } from './deeds/takeover.ts';
import type { OrderHosts } from './hosts.ts';
import { callOffRetries } from './quick/call-off.ts';
import { carryOut, isQuick } from './quick/table.ts';
import type { OrderOf, QuickKind } from './quick/table.ts';
import { Line, subjectOf } from './subject.ts';
import { createWorkshop } from './workshop.ts';

/** What orders need of the intake: to read a folder anew, and to let a held-back history in. */
export interface OrderedIntake {
  readonly inspect: InspectFolder;
  readonly admit: AdmitFolders;
}

export interface Orders {
  /**
   * Carries out what is one transaction, oldest first, and begins what is work: that goes on beside everything else.
   * Waits for nothing, and never throws.
   */
  takeUp(): void;
  /** What is under way is broken off, and goes on after the next start. */
  stop(): Promise<void>;
}

/** Quick orders in one round: some 100 ms of transactions, after which others get their turn. */
const MOST_A_ROUND = 50;

/** An order that the database did not take is tried again after this. */
const AFTER_TROUBLE_MS = 1_000;

export function createOrders(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly dispatching: Dispatching;
  readonly intake: OrderedIntake;
  readonly hosts: OrderHosts;
  readonly troubles: Troubles;
  readonly log: Log;
  /** A slot may be free now, or a case not held back any more. */
  readonly onReady: () => void;
  /** There may be more to take up before the next round is due. */
  readonly onMore: () => void;
}): Orders {
  const { store, intake, hosts, troubles } = deps;
  const book = createOrderBook(deps);
  /** Orders that the database did not take the last time, and why. */
  const failing = new Map<number, unknown>();

  const keptOpen = (row: OrderRow, error: unknown): void => {
    failing.set(row.id, error);
    troubles.note(DAEMON, 'orders', error);
  };

  const failed = (row: OrderRow, error: unknown): void => {
    if (isOfStore(error)) return keptOpen(row, error);
    try {
      book.refuse(row, `it failed: ${reasonOf(error)}`);
    } catch (unwritten) {
      keptOpen(row, unwritten);
    }
  };

  const took = (id: number): void => void failing.delete(id);

  const perform = async (
    row: OrderRow,
    order: Exclude<Order, OrderOf<QuickKind>>,
    deed: Deed,
  ): Promise<DeedOutcome> => {
    switch (order.kind) {
      case 'retry':
        return retryCase(book, intake.inspect, row, order, deed);
      case 'admit':
        return admitFolders(book, intake.admit, row, order, deed);
      case 'kill_orphan':
        return killOrphan(book, hosts, row, order, deed);
      case 'clear_slot':
        return clearSlotByOrder(book, hosts, row, order, deed);
      case 'takeover':
        return takeOverRoot(book, hosts, row, order, deed);
      default:
        return assertNever(order);
    }
  };

  const workshop = createWorkshop({
    ...deps,
    async perform(row, order, deed) {
      try {
        const outcome = await perform(row, order, deed);
        took(row.id);
        if (outcome === 'closed') deps.onReady();
        return outcome;
      } catch (error) {
        // a daemon that stops closes nothing, and who was called off is closed already
        if (deed.signal.aborted) return SOON;
        failed(row, error);
        return { againAfterMs: AFTER_TROUBLE_MS };
      }
    },
  });

  const quick = (row: OrderRow, order: OrderOf<QuickKind>, ahead: readonly OrderRow[]): void => {
    try {
      const retries = ahead.filter((one) => isRetryOf(one, row));
      const meansRetry = (order.kind === 'cancel' || order.kind === 'abandon') && retries.length > 0;
      const isAll = meansRetry && callOffRetries(book, row, order, retries);
      if (meansRetry) {
        for (const retry of retries) {
          workshop.abort(retry.id);
          took(retry.id);
        }
      }
      if (!isAll) carryOut(book, hosts, row, order);
      took(row.id);
    } catch (error) {
      failed(row, error);
    }
  };

  const round = (): void => {
    /** Older ones that are still open. */
    const line = new Line<OrderRow>();
    let room = MOST_A_ROUND;
    for (const row of openOrders(store.db)) {
      const order = orderOf(row);
      const subject = subjectOf(store.db, order);
      const ahead = line.inTheWayOf(subject);
      const callsOff = order.kind === 'cancel' || order.kind === 'abandon';
      const isFree = callsOff ? ahead.every((one) => isRetryOf(one, row)) : ahead.length === 0;
      if (isQuick(order) && isFree) {
        if (room === 0) return deps.onMore();
        room -= 1;
        quick(row, order, ahead);
        // what the database did not take keeps its place
        if (failing.has(row.id)) line.add(subject, row);
        continue;
      }
      line.add(subject, row);
      if (!isQuick(order) && isFree && !workshop.isAtWork(row.id)) workshop.begin(row, order);
    }
  };

  return {
    takeUp() {
      try {
        round();
        const [error] = failing.values();
        if (failing.size === 0) troubles.over(DAEMON, 'orders');
        else troubles.note(DAEMON, 'orders', error);
      } catch (error) {
        troubles.note(DAEMON, 'orders', error);
      }
    },
    stop: () => workshop.stop(),
  };
}

function isRetryOf(ahead: OrderRow, row: OrderRow): boolean {
  return ahead.kind === 'retry' && ahead.caseId === row.caseId;
}
