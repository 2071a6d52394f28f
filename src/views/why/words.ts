import { formatDuration } from '../../domain/duration.ts';
import { isBeingChecked } from '../../store/queries.ts';
import type { AttemptRow, HostRow, OrderRow } from '../../store/queries.ts';
import { orderProgress } from '../order-progress.ts';
import { timeText } from '../shapes.ts';
import type { WhyFacts } from './facts.ts';

/** ` for 3h 05m (since 2026-01-02T03:04:05Z)`; empty when nobody knows since when. */
export function heldFor(sinceMs: number | null, nowMs: number): string {
  if (sinceMs === null) return '';
  // a wall clock that was set back must not say "for -3s"
  const lasted = formatDuration(Math.max(0, nowMs - sinceMs));
  return ` for ${lasted} (since ${timeText(sinceMs).replace(/\.\d+Z$/, 'Z')})`;
}

export function noDaemon(lastSignMs: number | null, nowMs: number): string {
  return lastSignMs === null ? 'no daemon is running' : `no daemon has been running${heldFor(lastSignMs, nowMs)}`;
}

export function ago(atMs: number, nowMs: number): string {
  return `${formatDuration(Math.max(0, nowMs - atMs))} ago`;
}

/** `a, b, c and 4 more`: a sentence stays a sentence on a host with 64 slots. */
export function listed(parts: readonly string[], most = 4): string {
  if (parts.length <= 1) return parts.join('');
  const shown = parts.slice(0, most);
  const rest = parts.length - shown.length;
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`;
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** An order that waits, or is being carried out, says so: else a person gives it a second time. */
export function orderClause(facts: WhyFacts): string {
  const progressOf = (order: OrderRow): string | null => (facts.daemon.running ? orderProgress(order) : null);
  const working = facts.openOrders.flatMap((order) => {
    const progress = progressOf(order);
    return progress === null ? [] : [`; ${progress} (order #${order.id}, by ${order.by})`];
  });
  const waiting = facts.openOrders
    .filter((order) => progressOf(order) === null)
    .map((order) => `${order.kind} (#${order.id}, by ${order.by})`);
  return `${working.join('')}${waiting.length === 0 ? '' : `; ordered and not handled yet: ${listed(waiting)}`}`;
}

/** Why a host cannot be used now; null when it can. */
export function hostTrouble(host: HostRow | undefined, name: string, nowMs: number): string | null {
  if (host === undefined) return `${name} has not been checked yet`;
  switch (host.state) {
    case 'online':
      if (isBeingChecked(host)) {
        return `${name} answers again and is being checked: nothing new starts there until then`;
      }
      return host.reconciledAt === null
        ? `${name} is online but not reconciled yet: what runs there is compared with the database before anything new starts`
        : null;
    case 'connecting':
      return host.reason === null
        ? `${name} is being connected to${heldFor(host.since, nowMs)}`
        : `${name} cannot be reached${heldFor(host.since, nowMs)}, and is tried again now${because(host.reason)}`;
    case 'offline':
      return `${name} cannot be reached${heldFor(host.since, nowMs)}${because(host.reason)}`;
  }
}

/** `HOST/SLOT` of a case that holds one; every column may be empty in a row that nobody can read. */
export function slotOf({ row }: WhyFacts): string {
  return `${row.host ?? 'its host'}/${row.slot ?? '?'}`;
}

export function because(reason: string | null): string {
  return reason === null || reason === '' ? '' : `: ${reason}`;
}

export function hostNamed(facts: WhyFacts, name: string): HostRow | undefined {
  return facts.hosts.find((host) => host.name === name);
}

export function named(attempt: AttemptRow): string {
  return `attempt ${attempt.number} (${attempt.token}) on ${attempt.host}`;
}
