import type { Order } from '../../../domain/order.ts';
import { isAtWork, judge } from '../../../scheduler/judge.ts';
import { recordProof, updateAttempt } from '../../../store/attempts.ts';
import type { OrderRow } from '../../../store/orders.ts';
import { clearSlot, noteBusy, readSlot } from '../../../store/slots.ts';
import type { SlotRow } from '../../../store/slots.ts';
import type { OrderDesk } from '../desk.ts';
import { within } from '../hosts.ts';
import type { OrderHosts } from '../hosts.ts';

/** One look. */
const LOOK_TIMEOUT_MS = 30_000;

/**
 * An operator's word that nothing runs on a slot any more, or that what else computes on its GPU does not matter. Against
 * what a look sees the word does not count; where nothing can be seen it is all there is.
 */
export async function clearSlotByOrder(
  desk: OrderDesk,
  hosts: OrderHosts,
  row: OrderRow,
  order: Extract<Order, { kind: 'clear_slot' }>,
): Promise<void> {
  const slot = readSlot(desk.store.db, order.host, order.slot);
  if (slot === null) return desk.refuse(row, `there is no slot ${order.host}/${order.slot} (mqi slots list)`);
  if (order.busy === true) return clearBusy(desk, row, slot);
  if (slot.state !== 'quarantined') {
    return desk.refuse(row, `slot ${slot.host}/${slot.name} is ${slot.state}, not quarantined`);
  }
  // it stays open, and is looked at again in a moment
  if (hosts.isAwaited(slot.host)) return;
  const objection = slot.token === null ? null : await objectionTo(desk, hosts, slot.host, slot.token);
  if (objection !== null) return desk.refuse(row, objection);
  clearQuarantine(desk, row, slot);
  hosts.reconcile(slot.host);
}

async function objectionTo(desk: OrderDesk, hosts: OrderHosts, name: string, token: string): Promise<string | null> {
  const host = hosts.host(name);
  if (host === null || !hosts.isOnline(name)) return null;
  const look = await within(desk.clock, LOOK_TIMEOUT_MS, (signal) => host.scheduler.look([token], signal));
  if (look.kind === 'blind') return `whether anything of ${token} runs cannot be seen now: ${look.reason}`;
  const facts = look.facts.find((one) => one.token === token);
  if (facts === undefined) return null;
  if (!isAtWork(facts, look.node)) return null;
  const processes = facts.processes.length === 0 ? '' : `, processes ${facts.processes.join(' ')}`;
  return `its job is ${judge(facts, look.node).kind}${processes}: mqi orphans kill ${token} ends it and gives the slot back`;
}

function clearQuarantine(desk: OrderDesk, row: OrderRow, { host, name, token, busy }: SlotRow): void {
  const at = desk.clock.now();
  desk.store.write((tx) => {
    if (token !== null) {
      recordProof(tx, token, 'operator', at);
      updateAttempt(tx, token, { orphan: null });
    }
    clearSlot(tx, host, name, at);
    const now = busy === null ? 'free' : `not quarantined any more, and busy: ${busy}`;
    desk.done(tx, row, `slot ${host}/${name} is ${now}`);
  });
}

/** Given out now: the next time that the driver is asked it may be busy again. */
function clearBusy(desk: OrderDesk, row: OrderRow, { host, name, busy }: SlotRow): void {
  if (busy === null) return desk.refuse(row, `slot ${host}/${name} is not busy`);
  desk.store.write((tx) => {
    noteBusy(tx, host, name, null);
    desk.done(tx, row, `slot ${host}/${name} counts as not busy, until nvidia-smi is asked again`);
  });
}
