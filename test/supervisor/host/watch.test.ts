import { expect, onTestFinished, test } from 'vitest';

import type { Blind, ListOutcome, Scheduler, SweepOutcome } from '../../../src/scheduler/scheduler.ts';
import { readHost, resetHost } from '../../../src/store/hosts.ts';
import { openStore } from '../../../src/store/open.ts';
import { createRunningTime } from '../../../src/store/running-time.ts';
import { createLiveCases } from '../../../src/supervisor/case/live-cases.ts';
import { createHostWatch } from '../../../src/supervisor/host/watch.ts';
import { createTroubles } from '../../../src/supervisor/troubles.ts';
import { FakeHost } from '../fake-host.ts';
import { VirtualClock } from '../virtual-clock.ts';

const SECOND = 1_000;
const BLIND: Blind = { kind: 'blind', cause: 'link', reason: 'no answer' };

/** The watch of one host, whose scheduler answers as a test says. */
function watch(scheduler: Partial<Scheduler>) {
  const store = openStore(':memory:');
  const clock = new VirtualClock();
  const fake = new FakeHost({ observeEveryMs: 10 * SECOND, slots: ['a'], compared: false });
  const say = (): void => {};
  const log = { debug: say, info: say, warn: say, error: say };
  let ready = 0;
  store.write((tx) => resetHost(tx, 'fake', clock.now()));
  const made = createHostWatch({
    host: { ...fake.host, scheduler: { ...fake.host.scheduler, ...scheduler } },
    store,
    live: createLiveCases(),
    dispatch: () => null,
    announce: say,
    clock,
    running: createRunningTime(store, () => clock.monotonic()),
    log,
    troubles: createTroubles({ store, clock, log }),
    configured: ['fake'],
    onReady: () => {
      ready += 1;
    },
  });
  onTestFinished(async () => {
    const stopped = made.stop();
    await clock.pass(60 * SECOND);
    await stopped;
    store.close();
  });
  made.start();
  return { clock, made, ready: () => ready, row: () => readHost(store.db, 'fake')! };
}

const listed = (staging: readonly string[]): ListOutcome => ({ kind: 'listed', attempts: [], staging });

test('what is merely in the way keeps nobody waiting: the barrier is lifted while leftovers are still being removed', async () => {
  let sweeps = 0;
  const { clock, made, ready } = watch({
    list: () => Promise.resolve(listed(['mqi-lab-one-1-aa'])),
    sweepStaging: (_, signal): Promise<SweepOutcome> => {
      sweeps += 1;
      return new Promise((resolve) => {
        if (signal.aborted) resolve(BLIND);
        signal.addEventListener('abort', () => resolve(BLIND), { once: true });
      });
    },
  });
  await clock.pass(5 * SECOND);
  expect([sweeps, made.isReconciled()]).toEqual([1, true]);
  expect(ready()).toBeGreaterThan(1);
});

test('what a sweep could not see before its host was lost does not lose the host again that has come back', async () => {
  const answers: ((outcome: ListOutcome) => void)[] = [];
  const { clock, made, row } = watch({
    list: () => new Promise((resolve) => answers.push(resolve)),
  });
  await clock.pass(SECOND);
  expect(answers).toHaveLength(1);
  made.lost(BLIND);
  await clock.pass(5 * SECOND);
  expect(made.isOnline()).toBe(true);
  answers[0]!(BLIND);
  await clock.pass(100);
  expect(made.isOnline()).toBe(true);
  // the sweep that the coming back asked for is the one that counts
  expect([answers.length, made.isReconciled()]).toEqual([2, false]);
  answers[1]!(listed([]));
  await clock.pass(100);
  expect(made.isReconciled()).toBe(true);
  expect(row()).toMatchObject({ state: 'online', cause: null });
});

test('a host that answers, and cannot be reconciled, is unreachable: what says so is the sweep', async () => {
  const { clock, made, row } = watch({
    list: () => Promise.resolve({ kind: 'blind', cause: 'garbled', reason: 'the list cannot be read' }),
  });
  await clock.pass(SECOND / 2);
  expect(made.wasTried()).toBe(true);
  expect(made.wasReconciled()).toBe(false);
  expect(row()).toMatchObject({ cause: 'garbled', reason: 'the list cannot be read', reconciledAt: null });
});
