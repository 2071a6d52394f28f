import type { CaseEvent } from '../../../../machines/index.ts';
import { isFinal } from '../../../domain/case.ts';
import type { Order } from '../../../domain/order.ts';
import { readCase, updateCase } from '../../../store/cases.ts';
import type { CaseRow } from '../../../store/cases.ts';
import type { OrderRow } from '../../../store/orders.ts';
import type { OrderBook } from '../book.ts';
import type { OrderHosts } from '../hosts.ts';
import { abandonCase } from './abandon.ts';
import { adoptOrphan } from './adopt.ts';

type EventKind = 'cancel' | 'pause' | 'resume' | 'limit';
/** Each is over when its transaction is; the others are deeds. */
export type QuickKind = EventKind | 'priority' | 'adopt' | 'abandon';
export type OrderOf<K extends Order['kind']> = Extract<Order, { kind: K }>;

/** An order that is one event, what is said when the case takes it, and why where it does not. */
interface OneEvent<K extends EventKind> {
  event(order: OrderOf<K>, given: Pick<OrderRow, 'by' | 'why'>): CaseEvent;
  readonly done: string;
  otherwise(now: CaseRow): string;
}

const EVENTS: { readonly [K in EventKind]: OneEvent<K> } = {
  cancel: {
    event: (_, { by, why }) => ({ type: 'operator.cancelled', by, why }),
    done: 'it is being cancelled',
    otherwise: (now) =>
      isFinal(now.state)
        ? `it is ${now.state} already`
        : `it is ${now.phase}: its job is over or being stopped already; to give it up: mqi cases abandon ${now.id}`,
  },
  pause: {
    event: (_, { by }) => ({ type: 'operator.paused', by }),
    done: 'it gets no slot until mqi cases resume',
    otherwise: (now) =>
      now.paused ? 'it is paused already' : `it is ${now.phase}: only a case without a slot can be paused`,
  },
  resume: {
    event: (_, { by }) => ({ type: 'operator.resumed', by }),
    done: 'it waits for its turn',
    otherwise: () => 'it is not paused',
  },
  limit: {
    event: ({ limitMs }) => ({ type: 'operator.limited', limitMs }),
    done: 'the limit is set',
    otherwise: (now) => `it is ${now.phase}: its time does not count any more`,
  },
};

export function isQuick(order: Order): order is OrderOf<QuickKind> {
  return order.kind in EVENTS || order.kind === 'priority' || order.kind === 'adopt' || order.kind === 'abandon';
}

/** Done or refused when it returns. @throws when the store does: nothing of it was done, and the order is open */
export function carryOut(book: OrderBook, hosts: OrderHosts, row: OrderRow, order: OrderOf<QuickKind>): void {
  switch (order.kind) {
    case 'priority':
      return setPriority(book, row, order);
    case 'adopt':
      return adoptOrphan(book, row, order);
    case 'abandon': {
      const host = readCase(book.store.db, order.caseId)?.host ?? null;
      abandonCase(book, row, order);
      // what it held may be proven gone already: its slot is then free now, and not at the next sweep
      return host === null ? undefined : hosts.reconcile(host);
    }
    default:
      return sendEvent(book, row, order);
  }
}

function sendEvent(book: OrderBook, row: OrderRow, order: OrderOf<EventKind>): void {
  const one = EVENTS[order.kind] as OneEvent<EventKind>;
  book.send(row, order.caseId, one.event(order, row), one.done, (now) => one.otherwise(now));
}

function setPriority(book: OrderBook, row: OrderRow, order: OrderOf<'priority'>): void {
  const found = readCase(book.store.db, order.caseId);
  if (found?.state !== 'submitted') return book.refuse(row, 'only a case that waits has a priority');
  book.store.write((tx) => {
    updateCase(tx, found, { priority: order.priority, updatedAt: book.clock.now() });
    book.done(tx, row, `priority ${order.priority}`);
  });
}
