import type { Order } from '../../../domain/order.ts';
import { readAttempt, recordProof, updateAttempt } from '../../../store/attempts.ts';
import type { AttemptRow } from '../../../store/attempts.ts';
import type { OrderRow } from '../../../store/orders.ts';
import { clearSlotsOfToken } from '../../../store/slots.ts';
import type { Host } from '../../host/host.ts';
import type { OrderBook } from '../book.ts';
import { SOON, refused } from '../deed.ts';
import type { Deed, DeedOutcome } from '../deed.ts';
import type { OrderHosts } from '../hosts.ts';

/** The job's time to end by itself, and the command's own. */
const KILL_TIMEOUT_MS = 60_000;

/** Ends a job that no live case owns as any other is ended; done only when it is proven gone, and its slot free. */
export async function killOrphan(
  book: OrderBook,
  hosts: OrderHosts,
  row: OrderRow,
  order: Extract<Order, { kind: 'kill_orphan' }>,
  deed: Deed,
): Promise<DeedOutcome> {
  const { store, clock } = book;
  const target = readAttempt(store.db, order.token);
  // it stays open, and is looked at again in a moment
  if (target !== null && hosts.isAwaited(target.host)) return SOON;
  const found = orphanOf(target, hosts);
  if ('objection' in found) return refused(book, row, found.objection);
  const { orphan, host } = found;

  const job = { id: orphan.jobId, createdAt: orphan.jobCreatedAt };
  const why = { who: row.by, why: row.why };
  deed.progress({ doing: 'its processes are being ended', moved: 0, total: null });
  const outcome = await deed.within(KILL_TIMEOUT_MS, (signal) =>
    host.scheduler.stop({ token: orphan.token, job, claim: orphan.claim }, why, signal),
  );
  if (outcome.kind !== 'gone') {
    // the daemon stops: the order goes on after its next start
    if (deed.signal.aborted) return SOON;
    return refused(book, row, `it is not proven gone: ${outcome.reason} (the same order again goes on from there)`);
  }
  const at = clock.now();
  store.write((tx) => {
    recordProof(tx, orphan.token, 'gone', at);
    updateAttempt(tx, orphan.token, { end: outcome.end, orphan: null });
    clearSlotsOfToken(tx, orphan.token, at);
    book.done(tx, row, 'nothing of it runs any more, and what it quarantined is free');
  });
  return 'closed';
}

function orphanOf(
  attempt: AttemptRow | null,
  hosts: OrderHosts,
): { readonly orphan: AttemptRow; readonly host: Host } | { readonly objection: string } {
  if (attempt === null || attempt.orphan === null) return { objection: 'it is no orphan (mqi orphans)' };
  if (attempt.proof !== null) {
    return { objection: `nothing of it runs any more: mqi cases adopt ${attempt.caseId ?? 'CASE'} takes its results` };
  }
  const host = hosts.host(attempt.host);
  if (host === null) return { objection: `its host ${attempt.host} is not in the configuration` };
  return hosts.isOnline(attempt.host)
    ? { orphan: attempt, host }
    : { objection: `its host ${attempt.host} is unreachable: nothing can be proven there now (mqi hosts list)` };
}
