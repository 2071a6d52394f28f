import { recordOrder } from '../../../src/store/orders.ts';
import type { Store } from '../../../src/store/database.ts';
import type { Order } from '../../../src/domain/order.ts';
import type { Ability } from '../promises/ability.ts';
import type { CaseLine, Page } from '../promises/book.ts';
import type { Witness } from '../witness.ts';
import type { PlannedOrder } from './fault.ts';

export interface Operator {
  readonly store: Store;
  readonly page: Page;
  readonly abilities: readonly Ability[];
  readonly witness: Witness;
  readonly atMs: number;
}

/** Records what an operator types. */
export function give(operator: Operator, line: CaseLine, order: Exclude<PlannedOrder, 'redo'>): void {
  if (order === 'clear slots') return clearSlots(operator);
  if (order === 'kill orphans') return orphansOf(operator, line).forEach((token) => kill(operator, token));
  record(operator, orderFor(line, order));
}

/** Gives one of a case's orphans back to it, by name: it may have several. */
export function adopt(operator: Operator, line: CaseLine, token: string): void {
  record(operator, { kind: 'adopt', caseId: line.id, token });
}

/** What was found of a case on its hosts, and is nobody's. */
export function orphansOf({ page }: Operator, line: CaseLine): readonly string[] {
  return page.attempts
    .filter((attempt) => attempt.caseId === line.id && attempt.orphan !== null)
    .map((attempt) => attempt.token);
}

export function kill(operator: Operator, token: string): void {
  operator.witness.touched(token);
  record(operator, { kind: 'kill_orphan', token });
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
export function clearSlots(operator: Operator): void {
  for (const { host, name, state, token } of operator.page.slots) {
    // it is the attempt that is declared gone, on whichever slot it sits
    const isBusy = operator.abilities.some((ability) => ability.slot === `${host}/${name}` || ability.token === token);
    if (state === 'quarantined' && !isBusy) record(operator, { kind: 'clear_slot', host, slot: name });
  }
}

function record({ store, atMs }: Operator, order: Order): void {
  recordOrder(store, order, 'operator', 'simulated', atMs);
}
