import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Sqlite from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/store/database.ts';
import { openStore } from '../../src/store/open.ts';
import { recordOrder } from '../../src/store/orders.ts';
import { dueDeliveries, openIncidents } from '../../src/store/incidents.ts';
import * as queries from '../../src/store/queries.ts';
import type { Reader } from '../../src/store/queries.ts';
import * as schema from '../../src/store/schema.ts';
import { createWorld } from './world.ts';

const MINUTE = 60_000;

/** Tables that grow with every case that was ever run; slots, hosts and facts about the installation do not. */
const SCAN = /^SCAN (cases|attempts|journal|candidates|orders|incidents|deliveries)\b/;

/** Indexes of what is open, however much lies beside it. */
const PARTIAL =
  /USING (COVERING )?INDEX (orders_open|attempts_unproven|incidents_open|deliveries_due|incidents_by_opened)$/;

/** A statement with SQLite's plan for it, a line a step. */
interface Planned {
  readonly sql: string;
  readonly plan: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), 'mqi-plans-'));
const path = join(folder, 'mqi.db');

beforeAll(() => openStore(path).close());
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `work` on the database, and returns every statement that it ran. */
async function plansOf(work: (store: Store) => void | Promise<void>): Promise<Planned[]> {
  const statements = new Set<string>();
  let recording = true;
  const sqlite = new Sqlite(path, { verbose: (sql) => void (recording && statements.add(String(sql))) });
  const db = drizzle(sqlite, { schema });
  await work({ db, write: (change) => db.transaction(change, { behavior: 'immediate' }), close: () => {} });
  recording = false;
  const plans = [...statements]
    .filter((sql) => /^(select|update|delete|with)\b/i.test(sql))
    .map((sql) => {
      const steps = sqlite.prepare(`explain query plan ${sql}`).all() as readonly { readonly detail: string }[];
      return { sql, plan: steps.map(({ detail }) => detail) };
    });
  sqlite.close();
  return plans;
}

const scans = (plans: readonly Planned[]): Planned[] =>
  plans.filter(({ plan }) => plan.some((step) => SCAN.test(step) && !PARTIAL.test(step)));

test('nothing that the supervisor does, from its start through cases, orders, sweeps and a blind spell, goes through all that ever was', async () => {
  const plans = await plansOf(async (store) => {
    const { clock, host, supervisor, admit } = createWorld({ observeEveryMs: 1_000, limitMs: 3_600_000, store });
    supervisor.start();
    const ids = ['one', 'two', 'three'].map(admit);
    await clock.pass(MINUTE);
    host.blind = { kind: 'blind', cause: 'link', reason: 'the network is down' };
    await clock.pass(MINUTE);
    host.blind = null;
    await clock.pass(2 * MINUTE);
    for (const order of [
      { kind: 'limit', limitMs: 7_200_000 },
      { kind: 'priority', priority: 3 },
      { kind: 'pause' },
      { kind: 'resume' },
      { kind: 'cancel' },
      { kind: 'abandon' },
      { kind: 'retry', limitMs: null },
      { kind: 'adopt', token: null },
    ] as const) {
      for (const caseId of ids) recordOrder(store, { ...order, caseId }, 'tester', 'a test', clock.now());
      await clock.pass(1_000);
    }
    // reconciling and retention have their turn
    await clock.pass(10 * MINUTE);
  });
  // the recorder has heard them all: staging, leasing, orders, retention
  for (const word of [`"phase" = 'waiting'`, `"phase" = 'staged'`, '"orders"', '"removed_at" is null']) {
    expect(plans.some(({ sql }) => sql.includes(word))).toBe(true);
  }
  expect(scans(plans)).toEqual([]);
  const ofRetention = plans.filter(({ sql }) => sql.includes('"removed_at" is null')).map(({ plan }) => plan[0]);
  expect(ofRetention).toContainEqual(
    expect.stringContaining('attempts_by_host (host=? AND removed_at=? AND kept_from_ms<?)'),
  );
  expect(ofRetention).toContainEqual(
    expect.stringContaining('attempts_by_host (host=? AND removed_at=? AND kept_from_ms=?)'),
  );
});

const cursor = { createdAt: 1, id: 'a' };
const row = { id: 'a', phase: 'waiting', host: null } as const;

test.each<readonly [string, (db: Reader['db']) => unknown]>([
  ['the cases of one state', (db) => queries.listCases(db, { state: 'completed' }, null, 50)],
  ['a later page of them', (db) => queries.listCases(db, { state: 'completed' }, cursor, 50)],
  ['the live cases', (db) => queries.listLiveCases(db)],
  ['the cases that are set aside', (db) => queries.listSetAside(db)],
  ['a case in detail', (db) => queries.caseDetail(db, 'a')],
  ['a case by its id, or the beginning of it', (db) => queries.findCases(db, 'a', 10)],
  ['the place of a case in the line', (db) => queries.turnOf(db, row)],
  ['what came after a row of the journal', (db) => queries.journalAfter(db, 7, 100)],
  ['what holds a case back', (db) => queries.holdingBack(db, 'a', 'token')],
  ['the open orders', (db) => queries.openOrders(db)],
  ['how often cases were over', (db) => queries.countFinals(db)],
  ['the ends of cases since a row of the journal', (db) => queries.finalEntries(db, 7, 900)],
  ['the jobs near their limit', (db) => queries.jobsNearLimit(db, 90)],
  ['how many cases each host has', (db) => queries.liveByHost(db)],
  ['what is unreachable', (db) => queries.countUnseen(db)],
  ['the case that waits longest', (db) => queries.oldestWaitingSince(db)],
  ['what is to be told now', (db) => dueDeliveries(db, 'ops', 1, 50)],
  ['what lasts now', (db) => openIncidents(db)],
  ['what was told last', (db) => queries.listIncidents(db, 20)],
  ['the candidates of one state', (db) => queries.listCandidates(db, ['history'])],
])('a reader asks for %s, and gets it by an index', async (_, ask) => {
  const plans = await plansOf((store) => void ask(store.db));
  expect(plans.length).toBeGreaterThan(0);
  expect(scans(plans)).toEqual([]);
});

test.each<readonly [string, (db: Reader['db']) => unknown]>([
  ['all cases', (db) => queries.listCases(db, {}, null, 50)],
  ['a later page of them', (db) => queries.listCases(db, {}, cursor, 50)],
])('a page of %s is read in the order of an index, so that it ends with the page', async (_, ask) => {
  const plans = await plansOf((store) => void ask(store.db));
  expect(plans.length).toBeGreaterThan(0);
  for (const { sql, plan } of plans) {
    expect(sql).toContain('limit');
    expect(plan.filter((step) => step.includes('TEMP B-TREE'))).toEqual([]);
  }
});
