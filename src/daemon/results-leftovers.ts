import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { tokenPrefix } from '../domain/attempt.ts';
import { readLiveCases } from '../store/cases.ts';
import type { Reader } from '../store/database.ts';
import type { Log } from '../supervisor/log.ts';
import { reasonOf } from '../supervisor/log.ts';

/**
 * Half-collected results of attempts that nobody collects any more (their case was given up meanwhile) are removed: only
 * our own. Which are wanted is asked after they were listed: what comes later is not among them.
 */
export async function sweepResultsLeftovers(results: string, instance: string, store: Reader, log: Log): Promise<void> {
  const staging = join(results, '.staging');
  const tokens = await readdir(staging).catch(() => []);
  const wanted = new Set(readLiveCases(store.db).map((row) => row.token));
  for (const token of tokens.filter((name) => name.startsWith(tokenPrefix(instance)) && !wanted.has(name))) {
    try {
      await rm(join(staging, token), { recursive: true });
      log.info({ token }, `what was half collected of ${token} is removed`);
    } catch (error) {
      log.warn({ token }, `what was half collected of ${token} cannot be removed: ${reasonOf(error)}`);
    }
  }
}
