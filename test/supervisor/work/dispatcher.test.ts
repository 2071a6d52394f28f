import { expect, onTestFinished, test } from 'vitest';

import { insertAttempt, recordProof, updateAttempt } from '../../../src/store/attempts.ts';
import { readCase, updateCase } from '../../../src/store/cases.ts';
import type { Store } from '../../../src/store/database.ts';
import { openStore } from '../../../src/store/open.ts';
import { noteBusy, readSlots, syncSlots } from '../../../src/store/slots.ts';
import { admitCase } from '../../../src/supervisor/case/admit.ts';
import { createDispatching } from '../../../src/supervisor/case/dispatch.ts';
import { createLiveCases } from '../../../src/supervisor/case/live-cases.ts';
import { noFailPoints } from '../../../src/supervisor/fail-point.ts';
import { createDispatcher } from '../../../src/supervisor/work/dispatcher.ts';
import { FakeHost } from '../fake-host.ts';
import { VirtualClock } from '../virtual-clock.ts';

const HOUR = 3_600_000;

/** The dispatcher over a real database; `slots`: how many each host has. */
function world(slots: Readonly<Record<string, number>>, stageAhead = 1) {
  const opened = openStore(':memory:');
  onTestFinished(() => opened.close());
  let isFull = false;
  const store: Store = {
    ...opened,
    write: (work) => {
      if (isFull) throw new Error('database or disk is full');
      return opened.write(work);
    },
  };
  const clock = new VirtualClock();
  const live = createLiveCases();
  const dispatching = createDispatching({ store, clock, failPoint: noFailPoints });
  dispatching.onChange(({ row }) => live.note(row));
  const base = new FakeHost({ observeEveryMs: 1_000, slots: [], compared: false }).host;
  const hosts = Object.entries(slots).map(([name, count]) => ({
    ...base,
    name,
    stageAhead,
    slots: Array.from({ length: count }, (_, index) => `gpu${index}`),
  }));
  for (const host of hosts) store.write((tx) => syncSlots(tx, host.name, host.slots, clock.now()));
  const online = new Set(Object.keys(slots));
  const reconciled = new Set(Object.keys(slots));
  const troubles: unknown[] = [];
  const dispatcher = createDispatcher({
    hosts: new Map(hosts.map((host) => [host.name, host])),
    isOnline: (host) => online.has(host),
    isReconciled: (host) => reconciled.has(host),
    instance: 'lab',
    live,
    store,
    dispatch: dispatching.dispatch,
    clock,
    onTrouble: (error) => troubles.push(error),
  });
  const admit = (name: string): string => {
    const found = { path: `/new/${name}`, name, fingerprint: 'f', files: 1, sizeBytes: 1 };
    dispatching.announce(store.write((tx) => admitCase(tx, name, found, HOUR, clock.now())));
    return name;
  };
  const pass = async (): Promise<void> => {
    dispatcher.kick();
    await clock.pass(1);
  };
  return {
    store,
    clock,
    online,
    reconciled,
    troubles,
    dispatcher,
    admit,
    pass,
    fill: (full: boolean) => void (isFull = full),
    at: (name: string) => readCase(store.db, name)!,
    /** What travelled there has arrived. */
    arrive: (name: string) => void dispatching.dispatch(name, { type: 'upload.verified' }),
    /** Admitted, and all but leased a slot: it lies staged. */
    staged: async (name: string): Promise<string> => {
      admit(name);
      await pass();
      dispatching.dispatch(name, { type: 'upload.verified' });
      return name;
    },
  };
}

test('of two hosts the next case goes to the one with more free places', async () => {
  const { admit, pass, at, clock } = world({ small: 1, big: 3 });
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
    admit(name);
    await clock.pass(1);
  }
  await pass();
  // places: small 1 + 1, big 1 + 3; where both have as many, the first that is named
  expect(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => at(name).host)).toEqual([
    'big',
    'big',
    'small',
    'big',
    'small',
    'big',
  ]);
});

test('no more is staged than a host has free slots and places ahead; the others wait, and their turn comes', async () => {
  const { admit, pass, at, arrive } = world({ one: 1 }, 1);
  for (const name of ['a', 'b', 'c']) admit(name);
  await pass();
  expect(['a', 'b', 'c'].map((name) => at(name).phase)).toEqual(['staging', 'staging', 'waiting']);
  const first = ['a', 'b', 'c'].find((name) => at(name).phase === 'staging')!;
  arrive(first);
  await pass();
  expect(at(first).phase).toBe('creating');
  await pass();
  expect(['a', 'b', 'c'].filter((name) => at(name).phase === 'waiting')).toHaveLength(1);
});

test('nothing is sent to a host that is not online', async () => {
  const { admit, pass, at, online } = world({ one: 4, two: 1 });
  online.delete('one');
  admit('a');
  await pass();
  expect(at('a').host).toBe('two');
  online.clear();
  admit('b');
  await pass();
  expect(at('b')).toMatchObject({ phase: 'waiting', host: null });
});

test('behind the barrier cases are staged and nothing is leased', async () => {
  const { staged, pass, at, reconciled } = world({ one: 1 });
  reconciled.clear();
  await staged('a');
  await pass();
  expect(at('a')).toMatchObject({ phase: 'staged', slot: null });
  reconciled.add('one');
  await pass();
  expect(at('a')).toMatchObject({ phase: 'creating', slot: 'gpu0' });
});

test('a slot on whose GPU somebody else computes is given to nobody', async () => {
  const { staged, pass, at, store } = world({ one: 2 });
  store.write((tx) => noteBusy(tx, 'one', 'gpu0', 'pid 7'));
  await staged('a');
  await staged('b');
  await pass();
  expect(new Set([at('a').slot, at('b').slot])).toEqual(new Set(['gpu1', null]));
  expect(readSlots(store.db).map(({ state }) => state)).toEqual(['free', 'leased']);
});

test.each([
  ['may still run', { proof: null, orphan: null }],
  ['ran and ended, unknown to the database that was restored', { proof: 'gone', orphan: 'its job has ended' }],
] as const)('a case with an earlier attempt that %s gets no slot until somebody decides', async (_, earlier) => {
  const { staged, admit, pass, at, store, clock } = world({ one: 1 });
  await staged('a');
  const token = 'mqi-lab-a-9-zz';
  const row = { token, caseId: 'a', number: 9, host: 'two', limitMs: HOUR, createdAt: clock.now() } as const;
  store.write((tx) => insertAttempt(tx, { ...row, ...earlier }));
  await pass();
  expect(at('a')).toMatchObject({ phase: 'staged', slot: null });
  // nor does it keep the slot, or its place, from others
  admit('b');
  await pass();
  expect(at('b').phase).toBe('staging');
  store.write((tx) => {
    recordProof(tx, token, 'gone', clock.now());
    updateAttempt(tx, token, { orphan: null });
  });
  await pass();
  expect(at('a')).toMatchObject({ phase: 'creating', slot: 'gpu0' });
});

test('the slot goes to the higher priority, then to whoever waits longer; a paused case waits', async () => {
  const { staged, pass, at, store, clock, reconciled } = world({ one: 1 }, 9);
  reconciled.clear();
  for (const name of ['old', 'new', 'urgent', 'paused']) {
    await staged(name);
    await clock.pass(1_000);
  }
  store.write((tx) => {
    updateCase(tx, readCase(tx, 'urgent')!, { priority: 5 });
    updateCase(tx, readCase(tx, 'paused')!, { priority: 9, paused: true });
  });
  reconciled.add('one');
  await pass();
  expect(['old', 'new', 'urgent', 'paused'].map((name) => at(name).phase)).toEqual([
    'staged',
    'staged',
    'creating',
    'staged',
  ]);
});

test('a pass that fails is told, and the next one goes on', async () => {
  const { staged, pass, at, fill, troubles, clock } = world({ one: 1 });
  await staged('a');
  fill(true);
  await pass();
  expect(troubles).toHaveLength(1);
  fill(false);
  await clock.pass(1);
  await pass();
  expect(at('a').phase).toBe('creating');
});

test('one that is stopped assigns nothing any more', async () => {
  const { admit, pass, at, dispatcher } = world({ one: 1 });
  dispatcher.stop();
  admit('a');
  await pass();
  expect(at('a').phase).toBe('waiting');
});
