import { expect, test } from 'vitest';

import type { Facts, Look, Scheduler } from '../../../../src/scheduler/scheduler.ts';
import { cases } from '../../../../src/store/schema.ts';
import { reconcile } from '../../../../src/supervisor/host/sweeps/reconcile.ts';
import { FakeHost } from '../../fake-host.ts';
import { NODE, createBench, factsOf } from './bench.ts';

const parts = { instance: 'lab', caseId: 'x', attempt: 1, random: 'aa' };

function world(facts: readonly Facts[], change: Partial<Scheduler> = {}) {
  const bench = createBench();
  const fake = new FakeHost({ observeEveryMs: 1_000, slots: ['a', 'b'], compared: false }).host;
  const found = new Map(facts.map((one) => [one.token, one]));
  const scheduler = bench.scheduler({
    list: () =>
      Promise.resolve({
        kind: 'listed',
        attempts: facts.map(({ token }) => ({ token, parts })),
        staging: ['mqi-lab-s-1-aa'],
      }),
    look: (tokens): Promise<Look> =>
      Promise.resolve({
        kind: 'looked',
        node: NODE,
        notices: [],
        facts: tokens.map((token) => found.get(token) ?? factsOf(token, { directory: 'absent' })),
      }),
    ...change,
  });
  const say = (): void => {};
  const runOnce = () =>
    reconcile({
      host: { ...fake, scheduler },
      store: bench.store,
      announce: () => {},
      clock: bench.clock,
      log: { debug: say, info: say, warn: say, error: say },
      troubles: bench.troubles,
      signal: new AbortController().signal,
    });
  return { ...bench, runOnce };
}
const dead = { proof: null, slot: 'a' } as const;
const [ONE, TWO] = ['mqi-lab-one-1-aa', 'mqi-lab-two-1-aa'];
const CLAIM = {
  kind: 'present',
  value: {
    by: 'job',
    node: 'fake',
    bootId: NODE.bootId,
    pidNamespace: '1',
    uid: 0,
    pid: 7,
    session: 7,
    startTicks: '7',
  },
} as const;

test.each([
  ['is unreadable', { unreadable: 'attempts/x cannot be searched by ada' }],
  ['has a claim that nobody can read', { claim: { kind: 'garbled', text: '???' } }],
  ['has an end that nobody can read', { claim: CLAIM, end: { kind: 'garbled', text: '' } }],
  [
    'was started on a node that cannot be seen',
    { claim: { ...CLAIM, value: { ...CLAIM.value, node: 'n2', bootId: 'c'.repeat(8) } } },
  ],
] as const)('a dead attempt that %s is named and keeps its slot; the next one is settled', async (_, change) => {
  const { attempt, runOnce, row, wrong, slots } = world([factsOf(ONE, change), factsOf(TWO)]);
  attempt('one', dead);
  attempt('two', { ...dead, slot: 'b' });
  expect(await runOnce()).toMatchObject({ kind: 'judged', orphans: 1 });
  expect(row(ONE)).toMatchObject({ proof: null, orphan: expect.any(String) });
  expect(row(TWO)).toMatchObject({ proof: 'revoked' });
  expect(wrong()).toEqual([expect.stringContaining(`unproven ${ONE}: `)]);
  expect(slots()).toEqual({ a: 'quarantined', b: 'free' });
});

test('one that cannot be revoked on a full disk is named and keeps its slot; the barrier is lifted for the others', async () => {
  let isFull = true;
  const { attempt, runOnce, row, wrong, slots } = world([factsOf(ONE), factsOf(TWO)], {
    revoke: ({ token }) =>
      Promise.resolve(isFull && token === ONE ? { kind: 'not_yet', reason: 'disk full' } : { kind: 'revoked' }),
  });
  attempt('one', dead);
  attempt('two', { ...dead, slot: 'b' });
  expect(await runOnce()).toMatchObject({ kind: 'judged' });
  expect(row(TWO)?.proof).toBe('revoked');
  expect(wrong()).toEqual([`unproven ${ONE}: disk full`]);
  expect(slots()).toEqual({ a: 'quarantined', b: 'free' });
  isFull = false;
  await runOnce();
  expect(row(ONE)?.proof).toBe('revoked');
  expect(wrong()).toEqual([]);
  expect(slots()).toEqual({ a: 'free', b: 'free' });
});

test('one that never had a slot, and of which nothing exists but its directory, takes none with it', async () => {
  const { attempt, runOnce, slots } = world([factsOf(ONE)], {
    revoke: () => Promise.resolve({ kind: 'not_yet', reason: 'disk full' }),
  });
  attempt('one', { proof: null, slot: null });
  await runOnce();
  expect(slots()).toEqual({ a: 'free', b: 'free' });
});

test('one whose slot nobody knows, and whose job exists, may sit on any slot', async () => {
  const { attempt, runOnce, slots } = world([factsOf(ONE, { claim: CLAIM, processes: [7] })]);
  attempt('one', { proof: null, slot: null });
  await runOnce();
  expect(slots()).toEqual({ a: 'quarantined', b: 'quarantined' });
});

test('an attempt that ran and ended, unknown to the database, holds its case back until somebody decides', async () => {
  const end = { kind: 'present', value: { kind: 'exited', exitCode: 0 } } as const;
  const { runOnce, row, store } = world([factsOf(ONE, { claim: CLAIM, end, slot: 'fake/a' })]);
  await runOnce();
  expect(row(ONE)).toMatchObject({ proof: 'gone', slot: 'a', caseId: null });
  expect(row(ONE)?.orphan).toContain('exit code 0');
  expect(store.db.select().from(cases).all()).toEqual([]);
});

test('only a host that cannot be seen ends the sweep, and then nothing is judged by it', async () => {
  const blind = { kind: 'blind', cause: 'link', reason: 'no route' } as const;
  const { attempt, runOnce, row, wrong } = world([factsOf(ONE), factsOf(TWO)], {
    revoke: () => Promise.resolve(blind),
  });
  attempt('one', dead);
  attempt('two', dead);
  expect(await runOnce()).toEqual(blind);
  expect([row(ONE)?.proof, row(TWO)?.proof]).toEqual([null, null]);
  expect(wrong()).toEqual([]);
});

test('what lies staged is handed on to whoever removes it', async () => {
  const { runOnce } = world([]);
  expect(await runOnce()).toEqual({ kind: 'judged', orphans: 0, staging: ['mqi-lab-s-1-aa'] });
});
