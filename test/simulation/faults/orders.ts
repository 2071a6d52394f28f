import { recordOrder } from '../../../src/store/orders.ts';
import type { Store } from '../../../src/store/database.ts';
import type { Order } from '../../../src/domain/order.ts';
import type { Ability } from '../promises/ability.ts';
import type { CaseLine, Page } from '../promises/book.ts';
import type { Witness } from '../witness.ts';
import type { PlannedOrder } from './fault.ts';

export interface Desk {
  readonly store: Store;
  readonly page: Page;
  readonly abilities: readonly Ability[];
  readonly witness: Witness;
  readonly atMs: number;
}

/** Records what an operator types. */
export function give(desk: Desk, line: CaseLine, order: Exclude<PlannedOrder, 'redo'>): void {
  if (order === 'clear slots') return clearSlots(desk);
  if (order === 'kill orphans') return orphansOf(desk, line).forEach((token) => kill(desk, token));
  record(desk, orderFor(line, order));
}

/** Gives one of a case's orphans back to it, by name: it may have several. */
export function adopt(desk: Desk, line: CaseLine, token: string): void {
  record(desk, { kind: 'adopt', caseId: line.id, token });
}

/** What was found of a case on its hosts, and is nobody's. */
export function orphansOf({ page }: Desk, line: CaseLine): readonly string[] {
  return page.attempts
    .filter((attempt) => attempt.caseId === line.id && attempt.orphan !== null)
    .map((attempt) => attempt.token);
}

export function kill(desk: Desk, token: string): void {
  desk.witness.touched(token);
  record(desk, { kind: 'kill_orphan', token });
}

function orderFor(
  { id, limitMs }: CaseLine,
  kind: Exclude<PlannedOrder, 'clear slots' | 'kill orphans' | 'redo'>,
): Order {
  switch (kind) {
    case 'retry':
      return { kind, caseId: id, limitMs: null };
    case 'adopt':
      return { kind, caseId: id, token: null };
    case 'limit':
      return { kind, caseId: id, limitMs: limitMs + 10_000 };
    default:
      return { kind, caseId: id };
  }
}

/** An operator looks at the host first: a slot is cleared only when nothing runs on it, or can. */
export function clearSlots(desk: Desk): void {
  for (const { host, name, state, token } of desk.page.slots) {
    // it is the attempt that is declared gone, on whichever slot it sits
    const isBusy = desk.abilities.some((ability) => ability.slot === `${host}/${name}` || ability.token === token);
    if (state === 'quarantined' && !isBusy) record(desk, { kind: 'clear_slot', host, slot: name });
  }
}

function record({ store, atMs }: Desk, order: Order): void {
  recordOrder(store, order, 'operator', 'simulated', atMs);
}
