import { asc, eq, sql } from 'drizzle-orm';

import type { ReadDb, Tx } from './database.ts';
import { prepared, rowChange } from './prepared.ts';
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

/** A start-up knows nothing of any host yet. */
export function resetHost(tx: Tx, name: string, at: number): void {
  const fresh = {
    state: 'connecting',
    since: at,
    cause: null,
    reason: null,
    retryAt: null,
    reconciledAt: null,
  } as const;
  tx.insert(hosts)
    .values({ name, ...fresh, notices: [] })
    .onConflictDoUpdate({ target: hosts.name, set: fresh })
    .run();
}

export const updateHost = rowChange<HostRow>(hosts, hosts.name);

/** Hosts that left the configuration. */
export function removeHost(tx: Tx, name: string): void {
  tx.delete(hosts).where(eq(hosts.name, name)).run();
}
