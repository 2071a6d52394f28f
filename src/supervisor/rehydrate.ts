import { SLOT_HOLDING_PHASES } from '../domain/case.ts';
import type { Clock } from '../domain/clock.ts';
import { readLiveCases, updateCase } from '../store/cases.ts';
import type { Store } from '../store/database.ts';
import type { Dispatch } from './case/dispatch.ts';
import type { LiveCases } from './case/live-cases.ts';
import type { Log } from './log.ts';
import { restoreSnapshot } from './case/snapshot.ts';

/**
 * The supervisor's first act: every live case is restored, and told that the daemon was restarted. One in `submitting`
 * is failed by that, whatever happened to its job; the others carry on. A case that cannot be read is set aside by
 * name, its slot kept, and the daemon goes on.
 */
export function rehydrate(deps: {
  readonly store: Store;
  readonly live: LiveCases;
  readonly dispatch: Dispatch;
  readonly clock: Clock;
  readonly log: Log;
}): void {
  const { store, live, dispatch, clock, log } = deps;
  for (const row of readLiveCases(store.db)) {
    const restored = restoreSnapshot(row.snapshot);
    if (restored.kind === 'unreadable') {
      if (row.setAside !== restored.reason) {
        store.write((tx) => updateCase(tx, row, { setAside: restored.reason, updatedAt: clock.now() }));
      }
      const slot = SLOT_HOLDING_PHASES.has(row.phase) ? `; its slot ${row.host}/${row.slot} stays leased` : '';
      log.error(
        { caseId: row.id, reason: restored.reason },
        `case ${row.name} is set aside: its state cannot be read${slot}`,
      );
      continue;
    }
    if (row.setAside !== null) store.write((tx) => updateCase(tx, row, { setAside: null }));
    live.note({ ...row, setAside: null });
  }
  for (const row of live.all()) dispatch(row.id, { type: 'daemon.restarted' });
}
