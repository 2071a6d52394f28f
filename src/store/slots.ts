import { and, asc, eq, isNull, notInArray, sql } from 'drizzle-orm';
import type { SQL } from 'drizzle-orm';

import { orphanOn } from './attempts.ts';
import type { ReadDb, Tx } from './database.ts';
import { given, prepared } from './prepared.ts';
import { slots } from './schema.ts';

export type SlotRow = typeof slots.$inferSelect;

export function readSlots(db: ReadDb, host?: string): SlotRow[] {
  const of = host === undefined ? undefined : eq(slots.host, host);
  return db.select().from(slots).where(of).orderBy(asc(slots.host), asc(slots.name)).all();
}

export function readSlot(db: ReadDb, host: string, name: string): SlotRow | null {
  return (
    db
      .select()
      .from(slots)
      .where(and(eq(slots.host, host), eq(slots.name, name)))
      .get() ?? null
  );
}

const free = prepared((db) =>
  db
    .select()
    .from(slots)
    .where(
      and(
        eq(slots.host, sql.placeholder('host')),
        eq(slots.state, 'free'),
        eq(slots.configured, true),
        isNull(slots.busy),
      ),
    )
    .orderBy(asc(slots.since), asc(slots.name))
    .prepare(),
);

/** Those that may be leased now: held by nobody, and nobody else computes on their GPU. */
export function freeSlots(db: ReadDb, host: string): SlotRow[] {
  return free(db).all({ host });
}

const isThisSlot = and(eq(slots.host, sql.placeholder('host')), eq(slots.name, sql.placeholder('name')));

const lease = prepared((db) => {
  const { caseId, token, since } = slots;
  return (db as Tx)
    .update(slots)
    .set({ state: 'leased', reason: null, ...given({ caseId, token, since }) })
    .where(and(isThisSlot, eq(slots.state, 'free')))
    .prepare();
});

/** @throws when the slot is not free: nobody may ever take a slot from somebody. */
export function leaseSlot(tx: Tx, host: string, name: string, caseId: string, token: string, at: number): void {
  const { changes } = lease(tx).run({ host, name, caseId, token, since: at });
  if (changes !== 1) throw new Error(`slot ${host}/${name} is not free`);
}

/** A case takes over the quarantined slot that its own orphan sits on. */
export function adoptSlot(tx: Tx, host: string, name: string, caseId: string, token: string, at: number): void {
  const { changes } = tx
    .update(slots)
    .set({ state: 'leased', caseId, token, reason: null, since: at })
    .where(and(eq(slots.host, host), eq(slots.name, name), sql`${slots.state} <> 'leased'`))
    .run();
  if (changes !== 1) throw new Error(`slot ${host}/${name} is leased to another case`);
}

function freeing(which: SQL | undefined) {
  return prepared((db) =>
    (db as Tx)
      .update(slots)
      .set({ state: 'free', caseId: null, token: null, reason: null, ...given({ since: slots.since }) })
      .where(which)
      .returning({ host: slots.host, name: slots.name })
      .prepare(),
  );
}

const ofCase = freeing(eq(slots.caseId, sql.placeholder('caseId')));
const cleared = freeing(and(isThisSlot, eq(slots.state, 'quarantined')));
const ofToken = freeing(and(eq(slots.token, sql.placeholder('token')), eq(slots.state, 'quarantined')));

export function freeSlotsOfCase(tx: Tx, caseId: string, at: number): void {
  giveToOrphans(tx, ofCase(tx).all({ caseId, since: at }), at);
}

/** A slot on which an orphan was found while it was somebody else's is free for nobody: the orphan's turn comes now. */
function giveToOrphans(tx: Tx, freed: readonly Pick<SlotRow, 'host' | 'name'>[], at: number): void {
  for (const { host, name } of freed) {
    const orphan = orphanOn(tx, host, name);
    if (orphan === null) forgetLeft(tx, host, name);
    else quarantineSlot(tx, host, name, orphan.token, orphanReason(orphan.token, orphan.orphan!), at);
  }
}

/** A slot that left the configuration goes once nobody holds it. */
function forgetLeft(tx: Tx, host: string, name: string): void {
  tx.delete(slots)
    .where(and(eq(slots.host, host), eq(slots.name, name), eq(slots.state, 'free'), eq(slots.configured, false)))
    .run();
}

/** Why a slot is out of service because of a job that nobody owns. */
export function orphanReason(token: string, evidence: string): string {
  return `a job of attempt ${token} may still run on it: ${evidence}`;
}

export function quarantineSlotsOfCase(tx: Tx, caseId: string, reason: string, at: number): void {
  tx.update(slots).set({ state: 'quarantined', caseId: null, reason, since: at }).where(eq(slots.caseId, caseId)).run();
}

/** Takes a free slot out of service; a leased one is left to its case. False when it was not free. */
export function quarantineSlot(
  tx: Tx,
  host: string,
  name: string,
  token: string | null,
  reason: string,
  at: number,
): boolean {
  const { changes } = tx
    .update(slots)
    .set({ state: 'quarantined', token, reason, since: at })
    .where(and(eq(slots.host, host), eq(slots.name, name), eq(slots.state, 'free')))
    .run();
  return changes === 1;
}

export function clearSlot(tx: Tx, host: string, name: string, at: number): void {
  giveToOrphans(tx, cleared(tx).all({ host, name, since: at }), at);
}

/** The proof of an attempt frees whatever was quarantined because of it. */
export function clearSlotsOfToken(tx: Tx, token: string, at: number): void {
  giveToOrphans(tx, ofToken(tx).all({ token, since: at }), at);
}

/** What somebody else computes on the GPU of a slot; null for nothing. */
export function noteBusy(tx: Tx, host: string, name: string, busy: string | null): void {
  tx.update(slots)
    .set({ busy })
    .where(and(eq(slots.host, host), eq(slots.name, name)))
    .run();
}

/** Of the slots that nobody compares with the driver any more nothing is known. */
export function forgetBusy(tx: Tx, host: string, compared: readonly string[]): void {
  tx.update(slots)
    .set({ busy: null })
    .where(and(eq(slots.host, host), notInArray(slots.name, [...compared])))
    .run();
}

const configure = prepared((db) => {
  const { host, name, since } = slots;
  return (db as Tx)
    .insert(slots)
    .values({ ...given({ host, name, since }), state: 'free', configured: true })
    .onConflictDoUpdate({ target: [slots.host, slots.name], set: { configured: true } })
    .prepare();
});

/** Brings the rows in line with the configuration; a slot that left it goes once nobody holds it. */
export function syncSlots(tx: Tx, host: string, names: readonly string[], at: number): void {
  for (const name of names) configure(tx).run({ host, name, since: at });
  const left = and(eq(slots.host, host), notInArray(slots.name, [...names]));
  tx.delete(slots)
    .where(and(left, eq(slots.state, 'free')))
    .run();
  tx.update(slots).set({ configured: false }).where(left).run();
}
