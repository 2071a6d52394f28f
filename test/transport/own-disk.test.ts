import { expect, test } from 'vitest';

import { OwnDisk } from '../../src/transport/own-disk.ts';
import { VirtualClock } from '../supervisor/virtual-clock.ts';

const STALL_MS = 60_000;

/** A call that comes back when the test says so. */
function held<T>(value: T) {
  let comeBack!: () => void;
  const call = new Promise<T>((resolve) => (comeBack = () => resolve(value)));
  return { work: () => call, comeBack };
}

/** What it is rejected with. */
function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => new Error(`it resolved with ${String(value)}`),
    (error: unknown) => error,
  );
}

function world(doing: 'reading' | 'writing' = 'reading') {
  const clock = new VirtualClock();
  const abort = new AbortController();
  const disk = new OwnDisk(doing, '/proc/nowhere', clock, { stallMs: STALL_MS, signal: abort.signal });
  return { clock, abort, disk };
}

test('a call that does not come back in time is the trouble of whoever waits, and names the place', async () => {
  const { clock, disk } = world();
  const { work, comeBack } = held('late');
  const late: string[] = [];
  const waiting = rejection(disk.call(work, { late: (value) => void late.push(value) }));
  await clock.pass(STALL_MS);
  expect(await waiting).toMatchObject({
    kind: 'blocked',
    message: expect.stringMatching(/^the disk of \/proc\/nowhere has not answered for 60 s: /) as string,
  });
  comeBack();
  await clock.pass(0);
  expect(late).toEqual(['late']);
});

test('one that comes back in time gives its value, however many came before it', async () => {
  const { clock, disk } = world();
  for (let round = 0; round < 5; round += 1) {
    const { work, comeBack } = held(round);
    const value = disk.call(work);
    await clock.pass(STALL_MS - 1);
    comeBack();
    expect(await value).toBe(round);
  }
});

test('one that has much to move gets longer', async () => {
  const { clock, disk } = world();
  const { work, comeBack } = held('moved');
  const value = disk.call(work, { busyBytes: 10 * 2 ** 30 });
  await clock.pass(10 * STALL_MS);
  comeBack();
  expect(await value).toBe('moved');
});

test('a call that hangs keeps its one thread: what waits behind it is never begun, and begins when it is back', async () => {
  const { clock, disk } = world();
  const first = held('first');
  const hanging = rejection(disk.call(first.work));
  let begun = 0;
  const begin = (): Promise<string> => {
    begun += 1;
    return Promise.resolve('second');
  };
  await clock.pass(STALL_MS / 2);
  const behind = rejection(disk.call(begin));
  await clock.pass(STALL_MS);
  for (const setback of [hanging, behind]) expect(await setback).toMatchObject({ kind: 'blocked' });
  expect(begun).toBe(0);
  first.comeBack();
  await clock.pass(0);
  expect(await disk.call(begin)).toBe('second');
  expect(begun).toBe(1);
});

test('whoever is called off waits for no disk', async () => {
  const { abort, disk, clock } = world('writing');
  const calls = [1, 2, 3, 4].map(held);
  const waiting = calls.map(({ work }) => rejection(disk.call(work)));
  abort.abort();
  for (const setback of waiting) expect(await setback).toMatchObject({ kind: 'blind' });
  await expect(disk.call(() => Promise.resolve())).rejects.toMatchObject({ kind: 'blind', message: 'aborted' });
  for (const { comeBack } of calls) comeBack();
  await clock.pass(0);
});
