import type { Order } from '../../../domain/order.ts';
import type { OrderRow } from '../../../store/orders.ts';
import type { OrderBook } from '../book.ts';
import { SOON } from '../deed.ts';
import type { Deed, DeedOutcome } from '../deed.ts';

/** Lets folders go on that were held back, or sets them aside as done. */
export type AdmitFolders = (order: {
  readonly path: string | null;
  readonly asDone: boolean;
}) => Promise<{ readonly admitted: number; readonly message: string }>;

/** What the first start held back, or one folder. What it lets go still has to settle, as any other folder. */
export async function admitFolders(
  book: OrderBook,
  admit: AdmitFolders,
  row: OrderRow,
  order: Extract<Order, { kind: 'admit' }>,
  deed: Deed,
): Promise<DeedOutcome> {
  // said once only: an order that was begun before, and finds nothing left to do, has done it
  const wasBegun = row.startedAt !== null;
  deed.progress({ doing: order.path === null ? 'folders are let in' : 'the folder is let in', moved: 0, total: null });
  const outcome = await orAborted(admit({ path: order.path, asDone: order.asDone }), deed.signal);
  if (outcome === null) return SOON;
  const { admitted, message } = outcome;
  if (admitted > 0) book.store.write((tx) => book.done(tx, row, message));
  else if (wasBegun)
    book.store.write((tx) => book.done(tx, row, `it was begun before the daemon was restarted; ${message}`));
  else book.refuse(row, message);
  return 'closed';
}

/** Null: it was aborted. A call to a folder whose file server does not answer comes back when it does. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  // what it comes to is nobody's then
  work.catch(() => {});
  let stop = (): void => {};
  const aborted = new Promise<null>((resolve) => {
    stop = () => resolve(null);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
