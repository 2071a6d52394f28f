import type { Order } from '../../../domain/order.ts';
import { isAtWork, judge } from '../../../scheduler/judge.ts';
import { recordProof, updateAttempt } from '../../../store/attempts.ts';
import type { OrderRow } from '../../../store/orders.ts';
import { clearSlot, noteBusy, readSlot } from '../../../store/slots.ts';
import type { SlotRow } from '../../../store/slots.ts';
import type { OrderBook } from '../book.ts';
import { SOON, refused } from '../deed.ts';
import type { Deed, DeedOutcome } from '../deed.ts';
import type { OrderHosts } from '../hosts.ts';

/** One look. */
const LOOK_TIMEOUT_MS = 30_000;

/**
 * An operator's word that nothing runs on a slot any more, or that what else computes on its GPU does not matter. Against
 * what a look sees the word does not count; where nothing can be seen it is all there is.
 */
export async function clearSlotByOrder(
  book: OrderBook,
  hosts: OrderHosts,
  row: OrderRow,
  order: Extract<Order, { kind: 'clear_slot' }>,
  deed: Deed,
): Promise<DeedOutcome> {
  const slot = readSlot(book.store.db, order.host, order.slot);
  if (slot === null) return refused(book, row, `there is no slot ${order.host}/${order.slot} (mqi slots list)`);
  if (order.busy === true) return clearBusy(book, row, slot);
  if (slot.state !== 'quarantined') {
    return refused(book, row, `slot ${slot.host}/${slot.name} is ${slot.state}, not quarantined`);
  }
  // it stays open, and is looked at again in a moment
  if (hosts.isAwaited(slot.host)) return SOON;
  const objection = slot.token === null ? null : await objectionTo(hosts, slot.host, slot.token, deed);
  // the daemon stops: the order goes on after its next start
  if (deed.signal.aborted) return SOON;
  if (objection !== null) return refused(book, row, objection);
  if (!clearQuarantine(book, row, slot))
    return refused(book, row, 'the slot changed meanwhile; look again: mqi slots list');
  hosts.reconcile(slot.host);
  return 'closed';
}

async function objectionTo(hosts: OrderHosts, name: string, token: string, deed: Deed): Promise<string | null> {
  const host = hosts.host(name);
  if (host === null || !hosts.isOnline(name)) return null;
  const look = await deed.within(LOOK_TIMEOUT_MS, (signal) => host.scheduler.look([token], signal));
  if (look.kind === 'blind') return `whether anything of ${token} runs cannot be seen now: ${look.reason}`;
  const facts = look.facts.find((one) => one.token === token);
  if (facts === undefined) return null;
  if (!isAtWork(facts, look.node)) return null;
  const processes = facts.processes.length === 0 ? '' : `, processes ${facts.processes.join(' ')}`;
  return `its job is ${judge(facts, look.node).kind}${processes}: mqi orphans kill ${token} ends it and gives the slot back`;
}

/** False: it is not as it was when its host was looked at. */
function clearQuarantine(book: OrderBook, row: OrderRow, { host, name, token, busy }: SlotRow): boolean {
  const at = book.clock.now();
  return book.store.write((tx) => {
    const slot = readSlot(tx, host, name);
    if (slot?.state !== 'quarantined' || slot.token !== token) return false;
    if (token !== null) {
      recordProof(tx, token, 'operator', at);
      updateAttempt(tx, token, { orphan: null });
    }
    clearSlot(tx, host, name, at);
    const now = busy === null ? 'free' : `not quarantined any more, and busy: ${busy}`;
    book.done(tx, row, `slot ${host}/${name} is ${now}`);
    return true;
  });
}

/** Given out now: the next time that the driver is asked it may be busy again. */
function clearBusy(book: OrderBook, row: OrderRow, { host, name, busy }: SlotRow): DeedOutcome {
  if (busy === null) return refused(book, row, `slot ${host}/${name} is not busy`);
  book.store.write((tx) => {
    noteBusy(tx, host, name, null);
    book.done(tx, row, `slot ${host}/${name} counts as not busy, until nvidia-smi is asked again`);
  });
  return 'closed';
}
