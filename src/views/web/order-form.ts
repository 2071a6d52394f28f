import { parseLimit } from '../../domain/limit.ts';
import type { Order } from '../../domain/order.ts';
import { readCase } from '../../store/queries.ts';
import type { ReadDb } from '../../store/queries.ts';
import { MOST_AT_ONCE } from './pages/review.ts';

/** As the CLI bounds it. */
const LARGEST_PRIORITY = 1_000_000;
const LONGEST_WHY = 500;

/** What a form asks for: one order, or the same of several cases. */
export type Asked =
  | { readonly kind: 'orders'; readonly orders: readonly Order[]; readonly why: string }
  | { readonly kind: 'wrong'; readonly reason: string };

const wrong = (reason: string): Asked => ({ kind: 'wrong', reason });

/** Reads a form of ours. Whatever is not of the form that our own pages send is refused with a reason. */
export function readOrderForm(db: ReadDb, form: URLSearchParams): Asked {
  const why = (form.get('why') ?? '').trim();
  if (why === '') return wrong('an order needs a reason');
  if (why.length > LONGEST_WHY) return wrong(`the reason is longer than ${LONGEST_WHY} characters`);
  const kind = form.get('kind') ?? '';
  if (kind === 'clear_slot') {
    const [host, slot] = [form.get('host') ?? '', form.get('slot') ?? ''];
    if (host === '' || slot === '') return wrong('which slot?');
    return given([{ kind, host, slot, ...(form.get('busy') === 'yes' ? { busy: true } : {}) }], why);
  }
  if (kind === 'takeover') {
    const host = form.get('host') ?? '';
    return host === '' ? wrong('which host?') : given([{ kind, host }], why);
  }
  if (kind === 'kill_orphan') {
    const token = form.get('token') ?? '';
    return token === '' ? wrong('which job?') : given([{ kind, token }], why);
  }
  if (kind === 'admit') {
    const path = form.get('path');
    return given([{ kind, path: path === null || path === '' ? null : path, asDone: form.get('as') === 'done' }], why);
  }
  const ids = [...new Set(form.getAll('case'))];
  if (ids.length === 0) return wrong('no case was chosen');
  if (ids.length > MOST_AT_ONCE) return wrong(`${MOST_AT_ONCE} cases at once are enough`);
  const unknown = ids.find((id) => readCase(db, id) === null);
  if (unknown !== undefined) return wrong('a case that was chosen is not there');
  const orders: Order[] = [];
  for (const caseId of ids) {
    const order = orderOf(kind, caseId, form);
    if (typeof order === 'string') return wrong(order);
    orders.push(order);
  }
  return given(orders, why);
}

function given(orders: readonly Order[], why: string): Asked {
  return { kind: 'orders', orders, why };
}

/** The order, or what is wrong. */
function orderOf(kind: string, caseId: string, form: URLSearchParams): Order | string {
  switch (kind) {
    case 'cancel':
    case 'pause':
    case 'resume':
    case 'abandon':
      return { kind, caseId };
    case 'retry': {
      const text = (form.get('limit') ?? '').trim();
      if (text === '') return { kind, caseId, limitMs: null };
      const limitMs = limitOf(text);
      return typeof limitMs === 'string' ? limitMs : { kind, caseId, limitMs };
    }
    case 'limit': {
      const limitMs = limitOf((form.get('limit') ?? '').trim());
      return typeof limitMs === 'string' ? limitMs : { kind, caseId, limitMs };
    }
    case 'priority': {
      const text = form.get('priority') ?? '';
      const priority = Number(text);
      if (!/^[+-]?\d+$/.test(text) || Math.abs(priority) > LARGEST_PRIORITY) {
        return `the priority is no whole number from -${LARGEST_PRIORITY} to ${LARGEST_PRIORITY}`;
      }
      return { kind, caseId, priority };
    }
    case 'adopt':
      return { kind, caseId, token: form.get('token') };
    default:
      return 'there is no such order';
  }
}

function limitOf(text: string): number | string {
  const limit = parseLimit(text);
  return limit.kind === 'limit' ? limit.limitMs : `${limit.message}: ${limit.hint}`;
}
