import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { CaseEvent } from '../../machines/index.ts';
import type { AttemptRow, ListedCase } from '../../src/store/queries.ts';
import { columnsOf } from '../../src/supervisor/case/commit.ts';
import { restoreSnapshot } from '../../src/supervisor/case/snapshot.ts';
import { CASE_ORDERS, objectionTo, offersFor } from '../../src/views/web/offers.ts';
import type { CaseOrder } from '../../src/views/web/offers.ts';

const folder = join(import.meta.dirname, '..', 'fixtures', 'snapshots');
const phases = readdirSync(folder)
  .filter((name) => name.startsWith('case.v1.'))
  .map((name) => {
    const restored = restoreSnapshot(readFileSync(join(folder, name), 'utf8'));
    if (restored.kind !== 'restored') throw new Error(`${name}: ${restored.reason}`);
    const { snapshot: _, ...columns } = columnsOf(restored.snapshot);
    return { snapshot: restored.snapshot, row: { ...columns, setAside: null } as ListedCase };
  });

/** The event that the daemon makes of an order, for those that the machine itself takes or refuses. */
const EVENT: Readonly<Partial<Record<CaseOrder, CaseEvent>>> = {
  cancel: { type: 'operator.cancelled', by: 'x', why: 'x' },
  pause: { type: 'operator.paused', by: 'x' },
  resume: { type: 'operator.resumed', by: 'x' },
  limit: { type: 'operator.limited', limitMs: 1 },
  abandon: { type: 'operator.abandoned', by: 'x', why: 'x' },
};

describe.each(phases)('a case that is $row.phase', ({ snapshot, row }) => {
  test('is offered the orders that the machine takes there, and no others', () => {
    for (const [kind, event] of Object.entries(EVENT)) {
      const possible = objectionTo(kind as CaseOrder, row, []) === null;
      expect([kind, possible]).toEqual([kind, snapshot.can(event)]);
    }
  });

  test('is told of each order what it would do, or why it cannot be', () => {
    const offers = offersFor(row, []);
    expect(offers.map(({ kind }) => kind)).toEqual([...CASE_ORDERS]);
    for (const { says } of offers) expect(says.length).toBeGreaterThan(10);
  });
});

describe('orphans', () => {
  const failed = phases.find(({ row }) => row.phase === 'failed')!.row;
  const executing = phases.find(({ row }) => row.phase === 'executing')!.row;
  const alive = { number: 1, host: 'gpu1', orphan: 'it runs', proof: null } as AttemptRow;
  const ended = { ...alive, proof: 'gone' } as AttemptRow;

  test('that may still run are adopted first: the case is not retried', () => {
    expect(objectionTo('adopt', failed, [alive])).toBeNull();
    expect(objectionTo('retry', failed, [alive])).toMatch(/attempt 1 may still run on gpu1/);
  });

  test('that have ended hold nothing back', () => {
    expect(objectionTo('adopt', failed, [ended])).toBeNull();
    expect(objectionTo('retry', failed, [ended])).toBeNull();
  });

  test('wait while the case has a job of its own', () => {
    expect(objectionTo('adopt', executing, [alive])).toMatch(/its own job comes first/);
  });
});
