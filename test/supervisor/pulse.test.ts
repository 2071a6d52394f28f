import { expect, test } from 'vitest';

import { createPulse } from '../../src/supervisor/pulse.ts';
import { VirtualClock } from './virtual-clock.ts';

const SECOND = 1_000;

function world({ beatTakesMs = 0 } = {}) {
  const clock = new VirtualClock();
  const said: string[] = [];
  const counts = { orders: 0, sync: 0, beat: 0 };
  const called = (name: keyof typeof counts): void => {
    counts[name] += 1;
    said.push(name);
  };
  const pulse = createPulse({
    clock,
    ordersEveryMs: SECOND,
    takeUpOrders: () => called('orders'),
    sync: () => called('sync'),
    beat: () => {
      called('beat');
      return beatTakesMs === 0 ? Promise.resolve() : clock.sleep(beatTakesMs);
    },
  });
  return { clock, pulse, said, counts };
}

test('orders are taken up each round, with a sign of life after; what is level-triggered comes by every five seconds', async () => {
  const { clock, pulse, said, counts } = world();
  pulse.start();
  await clock.pass(20 * SECOND);
  expect(said.filter((name) => name !== 'sync').slice(0, 4)).toEqual(['orders', 'beat', 'orders', 'beat']);
  expect(counts).toEqual({ orders: 21, sync: 5, beat: 21 });
});

test('who asks is taken up before the next round, in a turn of the event loop of its own', async () => {
  const { clock, pulse, counts } = world();
  pulse.start();
  await clock.pass(SECOND / 2);
  pulse.ask();
  expect(counts.orders).toBe(1);
  await clock.pass(0);
  expect(counts.orders).toBe(2);
});

test('a sign of life that takes long is waited for, and holds up nothing that is level-triggered', async () => {
  const { clock, pulse, counts } = world({ beatTakesMs: 60 * SECOND });
  pulse.start();
  await clock.pass(59 * SECOND);
  expect(counts).toEqual({ orders: 1, sync: 12, beat: 1 });
});

test('once the level-triggered work has not come by for half a minute, no sign of life is given', async () => {
  const clock = new VirtualClock();
  let syncs = 0;
  let beats = 0;
  const pulse = createPulse({
    clock,
    ordersEveryMs: SECOND,
    takeUpOrders() {},
    sync() {
      syncs += 1;
      // the machine is busy with it for so long
      if (syncs === 2) clock.jump(40 * SECOND);
    },
    beat() {
      beats += 1;
      return Promise.resolve();
    },
  });
  pulse.start();
  await clock.pass(4 * SECOND);
  expect(beats).toBe(5);
  await clock.pass(SECOND);
  expect([syncs, beats]).toEqual([2, 5]);
  await clock.pass(60 * SECOND);
  expect(beats).toBeGreaterThan(10);
});

test('a pulse that was stopped calls nothing any more, and its stop waits for the sign of life that is under way', async () => {
  const { clock, pulse, counts } = world({ beatTakesMs: 10 * SECOND });
  pulse.start();
  await clock.pass(SECOND);
  let isStopped = false;
  const stopping = pulse.stop().then(() => (isStopped = true));
  await clock.pass(5 * SECOND);
  expect(isStopped).toBe(false);
  await clock.pass(5 * SECOND);
  await stopping;
  pulse.ask();
  await clock.pass(60 * SECOND);
  expect(counts).toEqual({ orders: 1, sync: 1, beat: 1 });
});
