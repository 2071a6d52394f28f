import { expect, test } from 'vitest';

import { createTurn } from '../../src/intake/turn.ts';

/** Work that ends when a test says so. */
function work() {
  let begun = false;
  let end!: (value: string) => void;
  let fail!: (error: Error) => void;
  const ends = new Promise<string>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  const act = (): Promise<string> => {
    begun = true;
    return ends;
  };
  return { act, end, fail, hasBegun: () => begun };
}

const turns = (): Promise<void> => new Promise(setImmediate);
const never = new AbortController().signal;

test('one reads at a time, and each gets what it read', async () => {
  const turn = createTurn();
  const [one, two] = [work(), work()];
  const first = turn.take(never, one.act);
  const second = turn.take(never, two.act);
  await turns();
  expect(two.hasBegun()).toBe(false);
  one.end('one');
  expect(await first).toBe('one');
  await turns();
  expect(two.hasBegun()).toBe(true);
  two.end('two');
  expect(await second).toBe('two');
});

test('whoever calls off goes at once, and the turn is free only when the read that cannot be called off came back', async () => {
  const turn = createTurn();
  const [one, two] = [work(), work()];
  const calledOff = new AbortController();
  const first = turn.take(calledOff.signal, one.act);
  await turns();
  calledOff.abort();
  expect(await first).toEqual({ kind: 'stopped' });
  let waits = 0;
  const second = turn.take(never, two.act, () => (waits += 1));
  await turns();
  expect([two.hasBegun(), waits]).toEqual([false, 1]);
  one.end('too late');
  await turns();
  expect(two.hasBegun()).toBe(true);
  two.end('two');
  expect(await second).toBe('two');
});

test('whoever calls off while it waits for its turn never begins, and keeps nobody from it', async () => {
  const turn = createTurn();
  const [one, two, three] = [work(), work(), work()];
  void turn.take(never, one.act);
  const calledOff = new AbortController();
  const second = turn.take(calledOff.signal, two.act);
  const third = turn.take(never, three.act);
  await turns();
  calledOff.abort();
  expect(await second).toEqual({ kind: 'stopped' });
  one.end('one');
  await turns();
  expect([two.hasBegun(), three.hasBegun()]).toEqual([false, true]);
  three.end('three');
  expect(await third).toBe('three');
});

test('a read that fails gives the turn on, and its error to who asked', async () => {
  const turn = createTurn();
  const [one, two] = [work(), work()];
  const first = turn.take(never, one.act);
  const second = turn.take(never, two.act);
  one.fail(new Error('EIO'));
  await expect(first).rejects.toThrow('EIO');
  two.end('two');
  expect(await second).toBe('two');
});
