import { asc, eq, sql } from 'drizzle-orm';

import type { ReadDb, Tx } from './database.ts';
import { given, prepared, rowChange } from './prepared.ts';
import { hosts } from './schema.ts';

export type HostRow = typeof hosts.$inferSelect;

const all = prepared((db) => db.select().from(hosts).orderBy(asc(hosts.name)).prepare());

export function readHosts(db: ReadDb): HostRow[] {
  return all(db).all();
}

const byName = prepared((db) =>
  db
    .select()
    .from(hosts)
    .where(eq(hosts.name, sql.placeholder('name')))
    .prepare(),
);

export function readHost(db: ReadDb, name: string): HostRow | null {
  return byName(db).get({ name }) ?? null;
}

const reset = prepared((db) => {
  const fresh = {
    state: 'connecting',
    ...given({ since: hosts.since }),
    cause: null,
    reason: null,
    retryAt: null,
    reconciledAt: null,
  } as const;
  return (db as Tx)
    .insert(hosts)
    .values({ ...given({ name: hosts.name }), ...fresh, notices: [] })
    .onConflictDoUpdate({ target: hosts.name, set: fresh })
    .prepare();
});

/** A start-up knows nothing of any host yet. */
export function resetHost(tx: Tx, name: string, at: number): void {
  reset(tx).run({ name, since: at });
}

export const updateHost = rowChange<HostRow>(hosts, hosts.name);

/** It answers again, and is being checked: until that has succeeded it stays lost for whoever was told so. */
export function isBeingChecked({ state, cause }: Pick<HostRow, 'state' | 'cause'>): boolean {
  return state === 'online' && cause !== null;
}

/** It is unreachable, also while it is tried again at this moment: a try is no good news yet. */
export function isUnreachable({ state, reason }: Pick<HostRow, 'state' | 'reason'>): boolean {
  return state === 'offline' || (state === 'connecting' && reason !== null);
}

/** Hosts that left the configuration. */
export function removeHost(tx: Tx, name: string): void {
  tx.delete(hosts).where(eq(hosts.name, name)).run();
}
