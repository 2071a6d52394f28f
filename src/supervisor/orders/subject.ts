import type { Order } from '../../domain/order.ts';
import { readAttempt } from '../../store/attempts.ts';
import type { ReadDb } from '../../store/database.ts';
import { readSlot } from '../../store/slots.ts';

/** What an order is about. Two that meet keep their order; all others never wait for each other. */
export interface Subject {
  readonly owns: readonly string[];
  /** Owned by nobody meanwhile, and shared with others. */
  readonly shares: readonly string[];
}

export function subjectOf(db: ReadDb, order: Order): Subject {
  switch (order.kind) {
    case 'kill_orphan': {
      const attempt = readAttempt(db, order.token);
      if (attempt === null) return { owns: [`token/${order.token}`], shares: [] };
      const { host, slot, caseId } = attempt;
      return {
        owns: [
          `token/${order.token}`,
          ...(slot === null ? [] : [`slot/${host}/${slot}`]),
          ...(caseId === null ? [] : [`case/${caseId}`]),
        ],
        shares: [`host/${host}`],
      };
    }
    case 'clear_slot': {
      const { host, slot } = order;
      const token = readSlot(db, host, slot)?.token ?? null;
      return {
        owns: [`slot/${host}/${slot}`, ...(token === null ? [] : [`token/${token}`])],
        shares: [`host/${host}`],
      };
    }
    case 'takeover':
      return { owns: [`host/${order.host}`], shares: [] };
    case 'admit':
      return { owns: ['folders'], shares: [] };
    default:
      return { owns: [`case/${order.caseId}`], shares: [] };
  }
}

/** Open orders as they were given, by what they are about: a round of very many takes no longer for each. */
export class Line<T> {
  readonly #owners = new Map<string, T[]>();
  readonly #sharers = new Map<string, T[]>();

  add({ owns, shares }: Subject, item: T): void {
    for (const key of owns) put(this.#owners, key, item);
    for (const key of shares) put(this.#sharers, key, item);
  }

  /** Those that an order about this has to wait for. */
  inTheWayOf({ owns, shares }: Subject): readonly T[] {
    const found = new Set<T>();
    for (const key of [...owns, ...shares]) for (const item of this.#owners.get(key) ?? []) found.add(item);
    for (const key of owns) for (const item of this.#sharers.get(key) ?? []) found.add(item);
    return [...found];
  }
}

function put<T>(map: Map<string, T[]>, key: string, item: T): void {
  const items = map.get(key);
  if (items === undefined) map.set(key, [item]);
  else items.push(item);
}
