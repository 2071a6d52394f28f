import type { Order } from '../../../domain/order.ts';
import { leftRoot, strays } from '../../../store/left-root.ts';
import type { OrderRow } from '../../../store/orders.ts';
import { changed, objectionToName } from '../../host/changed-root.ts';
import type { OrderDesk } from '../desk.ts';
import { within } from '../hosts.ts';
import type { OrderHosts } from '../hosts.ts';

/** One command on the host. */
const TAKEOVER_TIMEOUT_MS = 30_000;

/** An operator's word that the root of a host, which is another installation's or nobody's, is ours. */
export async function takeOverRoot(
  desk: OrderDesk,
  hosts: OrderHosts,
  row: OrderRow,
  order: Extract<Order, { kind: 'takeover' }>,
): Promise<void> {
  const { store, clock } = desk;
  const host = hosts.host(order.host);
  if (host === null) return desk.refuse(row, `there is no host ${order.host} in the configuration`);
  // it stays open, and is carried out in a moment: nothing can be done there before the first connection
  if (hosts.isAwaited(host.name)) return;
  // an empty root that is ours lacks every job that lies in the old one
  const left = leftRoot(store.db, host.name, host.root);
  if (left !== null) return desk.refuse(row, changed(host, left).reason);
  const taken = await within(clock, TAKEOVER_TIMEOUT_MS, (signal) => host.scheduler.takeOver(signal));
  if (taken.kind === 'blind') return desk.refuse(row, taken.reason);
  const renamed = await within(clock, TAKEOVER_TIMEOUT_MS, (signal) =>
    objectionToName(host, strays(store.db, hosts.names), signal),
  );
  if (renamed !== null) return desk.refuse(row, renamed.reason);
  hosts.retry(host.name);
  store.write((tx) => desk.done(tx, row, `the root of ${host.name} is ours; work begins there now`));
}
