import { createHmac } from 'node:crypto';

import type { Clock } from '../domain/clock.ts';
import type { Store } from '../store/database.ts';
import { readMeta, writeMeta } from '../store/meta.ts';

/** Who an installation is: drawn once, with the database. */
export interface Identity {
  /** Part of every token: `[a-z2-7]{6}`. */
  readonly instance: string;
  /** Keys the ids of cases, so that they tell nothing of the names. */
  readonly caseKey: string;
}

/** Reads who this installation is, or draws it when the database is new. */
export function establishIdentity(store: Store, clock: Clock): Identity {
  return store.write((tx) => {
    const instance = readMeta(tx, 'instance') ?? clock.randomId(6);
    const caseKey = readMeta(tx, 'case_key') ?? clock.randomId(32);
    writeMeta(tx, 'instance', instance);
    writeMeta(tx, 'case_key', caseKey);
    return { instance, caseKey };
  });
}

/**
 * The id of a case: the same for the same folder, also after its database was restored from a backup that does not
 * know it. Twelve hex digits: among 100,000 cases two meet with a chance of 1 in 50,000.
 */
export function caseIdOf(identity: Identity, path: string): string {
  return createHmac('sha256', identity.caseKey).update(path).digest('hex').slice(0, 12);
}
