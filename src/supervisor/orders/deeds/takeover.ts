import type { Order } from '../../../domain/order.ts';
import { leftRoot, strays } from '../../../store/left-root.ts';
import type { OrderRow } from '../../../store/orders.ts';
import { changed, objectionToName } from '../../host/changed-root.ts';
import type { OrderBook } from '../book.ts';
import { SOON, refused } from '../deed.ts';
import type { Deed, DeedOutcome } from '../deed.ts';
import type { OrderHosts } from '../hosts.ts';

/** One command on the host. */
const TAKEOVER_TIMEOUT_MS = 30_000;

/** An operator's word that the root of a host, which is another installation's or nobody's, is ours. */
export async function takeOverRoot(
  book: OrderBook,
  hosts: OrderHosts,
  row: OrderRow,
  order: Extract<Order, { kind: 'takeover' }>,
  deed: Deed,
): Promise<DeedOutcome> {
  const { store } = book;
  const host = hosts.host(order.host);
  if (host === null) return refused(book, row, `there is no host ${order.host} in the configuration`);
  // it stays open, and is carried out in a moment: nothing can be done there before the first connection
  if (hosts.isAwaited(host.name)) return SOON;
  // an empty root that is ours lacks every job that lies in the old one
  const left = leftRoot(store.db, host.name, host.root);
  if (left !== null) return refused(book, row, changed(host, left).reason);
  deed.progress({ doing: `the root of ${host.name} is being taken over`, moved: 0, total: null });
  const taken = await deed.within(TAKEOVER_TIMEOUT_MS, (signal) => host.scheduler.takeOver(signal));
  // the daemon stops: the order goes on after its next start
  if (deed.signal.aborted) return SOON;
  if (taken.kind === 'blind') return refused(book, row, taken.reason);
  const renamed = await deed.within(TAKEOVER_TIMEOUT_MS, (signal) =>
    objectionToName(host, strays(store.db, hosts.names), signal),
  );
  if (deed.signal.aborted) return SOON;
  if (renamed !== null) return refused(book, row, renamed.reason);
  store.write((tx) => book.done(tx, row, `the root of ${host.name} is ours; work begins there now`));
  hosts.retry(host.name);
  return 'closed';
}
