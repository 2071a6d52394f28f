import type { Order } from '../../../domain/order.ts';
import { readAttempt, recordProof, updateAttempt } from '../../../store/attempts.ts';
import type { AttemptRow } from '../../../store/attempts.ts';
import type { OrderRow } from '../../../store/orders.ts';
import { clearSlotsOfToken } from '../../../store/slots.ts';
import type { Host } from '../../host/host.ts';
import type { OrderDesk } from '../desk.ts';
import { within } from '../hosts.ts';
import type { OrderHosts } from '../hosts.ts';

/** The job's time to end by itself, and the command's own. */
const KILL_TIMEOUT_MS = 60_000;

/** Ends a job that no live case owns as any other is ended; done only when it is proven gone, and its slot free. */
export async function killOrphan(
  desk: OrderDesk,
  hosts: OrderHosts,
  row: OrderRow,
  order: Extract<Order, { kind: 'kill_orphan' }>,
): Promise<void> {
  const { store, clock } = desk;
  const target = readAttempt(store.db, order.token);
  // it stays open, and is looked at again in a moment
  if (target !== null && hosts.isAwaited(target.host)) return;
  const found = orphanOf(target, hosts);
  if ('objection' in found) return desk.refuse(row, found.objection);
  const { orphan, host } = found;

  const job = { id: orphan.jobId, createdAt: orphan.jobCreatedAt };
  const why = { who: row.by, why: row.why };
  const outcome = await within(clock, KILL_TIMEOUT_MS, (signal) =>
    host.scheduler.stop({ token: orphan.token, job }, why, signal),
  );
  if (outcome.kind !== 'gone') {
    return desk.refuse(row, `it is not proven gone: ${outcome.reason} (the same order again goes on from there)`);
  }
  const at = clock.now();
  store.write((tx) => {
    recordProof(tx, orphan.token, 'gone', at);
    updateAttempt(tx, orphan.token, { end: outcome.end, orphan: null });
    clearSlotsOfToken(tx, orphan.token, at);
    desk.done(tx, row, 'nothing of it runs any more, and what it quarantined is free');
  });
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
    : { objection: `its host ${attempt.host} is out of sight: nothing can be proven there now (mqi hosts list)` };
}
