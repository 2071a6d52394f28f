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

export function meet(one: Subject, other: Subject): boolean {
  return (
    one.owns.some((key) => other.owns.includes(key) || other.shares.includes(key)) ||
    one.shares.some((key) => other.owns.includes(key))
  );
}
