import { setTimeout as wait } from 'node:timers/promises';

import { recordOrder } from '../../src/store/orders.ts';
import { cases } from '../../src/store/schema.ts';
import type { Site } from './site.ts';

/** Orders a retry of every failed case that is chosen. One that comes too late, or twice, is refused by the daemon. */
export function retryFailed(site: Site, isChosen: () => boolean = () => true): void {
  const failed = site
    .reader((from) => from.db.select().from(cases).all())
    .filter((row) => row.state === 'failed' && isChosen());
  if (failed.length === 0) return;
  site.store((store) => {
    for (const { id } of failed) {
      recordOrder(store, { kind: 'retry', caseId: id, limitMs: null }, 'tester', 'it was interrupted', Date.now());
    }
  });
}

/** Retries until every case is completed; false when one is not, after so long. */
export async function completeAll(site: Site, names: readonly string[], patienceMs: number): Promise<boolean> {
  const begun = performance.now();
  const isDone = (): boolean => {
    const rows = site.reader((from) => from.db.select().from(cases).all());
    const completed = new Set(rows.flatMap((row) => (row.state === 'completed' ? [row.name] : [])));
    return names.every((name) => completed.has(name));
  };
  for (; !isDone(); await wait(1_000)) {
    if (performance.now() - begun > patienceMs) return false;
    retryFailed(site);
  }
  return true;
}
