import { expect, test } from 'vitest';

import type { StopOutcome } from '../../../src/scheduler/scheduler.ts';
import { lastingTroubles } from '../../../src/store/troubles.ts';
import type { FetchOutcome, SendOutcome } from '../../../src/transport/transport.ts';
import { createBench } from './bench.ts';

const SECOND = 1_000;

type Bench = ReturnType<typeof createBench>;

/** What is begun, by the name of its case, with a way to answer it; it ends too when it is called off. */
function held<T>(whenCalledOff: T) {
  const begun: { readonly name: string; readonly signal: AbortSignal; readonly give: (value: T) => void }[] = [];
  const nameOf = (token: string): string => token.split('-')[2]!;
  return {
    begun,
    names: () => begun.map(({ name }) => name),
    begin: (token: string, signal: AbortSignal): Promise<T> =>
      new Promise((resolve) => {
        begun.push({ name: nameOf(token), signal, give: resolve });
        signal.addEventListener('abort', () => resolve(whenCalledOff), { once: true });
      }),
  };
}

const CALLED_OFF = { kind: 'blind', cause: 'link', reason: 'called off' } as const;

function holdStops(bench: Bench) {
  const stops = held<StopOutcome>(CALLED_OFF);
  bench.ports.scheduler.stop = ({ token }, _why, signal) => stops.begin(token, signal);
  return stops;
}

test('what a phase wants is begun once, however often somebody asks, and its outcome is told for the entry that wanted it', async () => {
  const bench = createBench();
  const stops = holdStops(bench);
  bench.put('a', 'stopping');
  for (let ask = 0; ask < 3; ask += 1) {
    bench.runner.sync('a');
    bench.runner.syncHost('one');
  }
  await bench.drained();
  expect(stops.names()).toEqual(['a']);
  stops.begun[0]!.give({ kind: 'gone', end: null, queue: null });
  await bench.drained();
  expect(bench.told).toMatchObject([{ id: 'a', event: { type: 'job.gone' } }]);
});

test('work whose phase is past is called off, and what comes of it all the same is dropped', async () => {
  const bench = createBench();
  const stops = holdStops(bench);
  bench.put('a', 'stopping');
  await bench.drained();
  bench.put('a', 'collecting');
  expect(stops.begun[0]!.signal.aborted).toBe(true);
  await bench.drained();
  expect(bench.told.map(({ event }) => event.type)).toEqual(['results.collected']);
  expect(bench.lost).toEqual([]);
});

test('a case that is cancelled in the middle of its upload leaves the host reachable, and no other case is touched', async () => {
  const bench = createBench();
  const sends = held<SendOutcome>({ kind: 'blind', reason: 'called off' });
  bench.ports.transport.send = ({ token, signal }) => sends.begin(token, signal);
  bench.put('a', 'staging');
  bench.put('b', 'staging');
  await bench.drained();
  bench.put('a', 'failed');
  await bench.drained();
  expect(sends.begun.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  expect([bench.lost, bench.told]).toEqual([[], []]);
  sends.begun[1]!.give({ kind: 'sent' });
  await bench.drained();
  expect(bench.told.map(({ id, event }) => [id, event.type])).toEqual([['b', 'upload.verified']]);
  expect(bench.lost).toEqual([]);
});

test('nothing is begun on a host that is not online; it is, as soon as somebody says that it is', async () => {
  const bench = createBench();
  const stops = holdStops(bench);
  bench.online.clear();
  bench.put('a', 'stopping');
  await bench.drained();
  expect(stops.names()).toEqual([]);
  bench.online.add('one');
  bench.runner.syncHost('one');
  await bench.drained();
  expect(stops.names()).toEqual(['a']);
});

test('a stop that is not done yet blocks its case and is no outage: it is tried again, at most half a minute later, and later each time', async () => {
  const bench = createBench();
  bench.ports.scheduler.stop = () =>
    Promise.resolve({ kind: 'not_yet', reason: 'the answer to its stop did not come' });
  bench.put('a', 'stopping');
  await bench.clock.pass(600 * SECOND);
  expect(bench.lost).toEqual([]);
  expect(bench.told[0]!.event).toEqual({ type: 'work.blocked', reason: 'the answer to its stop did not come' });
  const gaps = bench.told.slice(1).map(({ atMs }, index) => atMs - bench.told[index]!.atMs);
  expect(gaps.slice(0, 3)).toEqual([375, 750, 1_500]);
  expect(Math.max(...gaps)).toBe(22_500);
});

test('an outcome that could not see tells of the host, and nothing of the case', async () => {
  const bench = createBench();
  bench.ports.scheduler.stop = () => Promise.resolve({ kind: 'blind', cause: 'link', reason: 'no route' });
  bench.put('a', 'stopping');
  await bench.drained();
  expect(bench.lost).toEqual(['one: no route']);
  expect(bench.told).toEqual([]);
});

test('what is blocked on one host delays nobody, there or elsewhere', async () => {
  const bench = createBench(['one', 'two']);
  bench.ports.transport.send = ({ token }) =>
    Promise.resolve(token.includes('-bad') ? { kind: 'blocked', reason: 'the disk there is full' } : { kind: 'sent' });
  for (const name of ['bad1', 'bad2', 'bad3', 'good1']) bench.put(name, 'staging');
  bench.put('good2', 'staging', 'two');
  await bench.clock.pass(100);
  const sent = bench.told.filter(({ event }) => event.type === 'upload.verified').map(({ id }) => id);
  expect(sent.sort()).toEqual(['good1', 'good2']);
});

test('two transfers go on at once on a host, and not one more; the next begins when one of them ends', async () => {
  const bench = createBench(['one', 'two']);
  const sends = held<SendOutcome>({ kind: 'blind', reason: 'called off' });
  const fetches = held<FetchOutcome>({ kind: 'blind', reason: 'called off' });
  bench.ports.transport.send = ({ token, signal }) => sends.begin(token, signal);
  bench.ports.transport.fetch = ({ token, signal }) => fetches.begin(token, signal);
  bench.put('a', 'staging');
  bench.put('b', 'collecting');
  bench.put('c', 'staging');
  bench.put('d', 'staging', 'two');
  await bench.drained();
  expect([sends.names(), fetches.names()]).toEqual([['a', 'd'], ['b']]);
  fetches.begun[0]!.give({ kind: 'fetched', missingGlobs: [], files: 1 });
  await bench.drained();
  expect(sends.names()).toEqual(['a', 'd', 'c']);
});

test('eight stops that hang keep no creation, no release and no transfer waiting', async () => {
  const bench = createBench();
  const stops = holdStops(bench);
  for (let n = 0; n < 8; n += 1) bench.put(`hung${n}`, 'stopping');
  bench.put('made', 'creating');
  bench.put('let', 'releasing');
  bench.put('sent', 'staging');
  await bench.drained();
  expect(stops.begun).toHaveLength(8);
  expect(bench.told.map(({ event }) => event.type).sort()).toEqual(['job.created', 'job.released', 'upload.verified']);
});

test('forty stops that hang each time, until they are cut off, do not keep the stop of a cancelled case waiting for longer than one of them takes', async () => {
  const bench = createBench();
  const began = new Map<string, number>();
  bench.ports.scheduler.stop = async ({ token }, _why, signal): Promise<StopOutcome> => {
    const name = token.split('-')[2]!;
    if (!began.has(name)) began.set(name, bench.clock.monotonic());
    if (name === 'good') return { kind: 'gone', end: null, queue: null };
    await bench.clock.sleep(65 * SECOND, signal);
    return { kind: 'not_yet', reason: 'cut off' };
  };
  for (let n = 0; n < 40; n += 1) bench.put(`hung${n}`, 'stopping');
  // each of them has been tried, and waits for its next turn
  await bench.clock.pass(700 * SECOND);
  expect(began.size).toBe(40);
  const askedAt = bench.clock.monotonic();
  bench.put('good', 'stopping');
  await bench.clock.pass(700 * SECOND);
  expect(began.get('good')! - askedAt).toBeLessThanOrEqual(65 * SECOND);
  expect(bench.told.filter(({ id }) => id === 'good')).toMatchObject([{ event: { type: 'job.gone' } }]);
});

test('an outcome is not lost to a full disk: it is told as soon as the database takes it, and the trouble is over', async () => {
  const bench = createBench();
  let creations = 0;
  bench.ports.scheduler.create = ({ spec }) => {
    creations += 1;
    return Promise.resolve({ kind: 'created', job: { id: spec.token, createdAt: null } });
  };
  bench.refuse(new Error('database or disk is full'));
  bench.put('a', 'creating');
  await bench.clock.pass(10 * SECOND);
  expect(bench.told).toEqual([]);
  expect(lastingTroubles(bench.store.db)).toMatchObject([{ subject: 'daemon', what: 'database' }]);
  bench.refuse(null);
  await bench.clock.pass(30 * SECOND);
  expect(bench.told).toMatchObject([{ id: 'a', event: { type: 'job.created' } }]);
  expect(creations).toBe(1);
  expect(lastingTroubles(bench.store.db)).toEqual([]);
});

test('an upload that failed is begun anew after a pause, not at once', async () => {
  const bench = createBench();
  let sends = 0;
  bench.ports.transport.send = () => {
    sends += 1;
    return Promise.resolve({ kind: 'failed', message: 'cut' });
  };
  bench.put('a', 'staging');
  await bench.clock.pass(300);
  expect(sends).toBe(1);
  await bench.clock.pass(100);
  expect(sends).toBe(2);
});

test('an outcome that moves nothing is no reason to begin again at once', async () => {
  const bench = createBench();
  bench.stand();
  bench.put('a', 'creating');
  await bench.clock.pass(10 * SECOND);
  expect(bench.told.length).toBeLessThan(10);
});

test('a defect of ours blocks its case, and nothing is decided by it', async () => {
  const bench = createBench();
  bench.ports.scheduler.find = () => {
    throw new TypeError('x is undefined');
  };
  bench.put('a', 'confirming');
  await bench.drained();
  expect(bench.told).toMatchObject([
    { event: { type: 'work.blocked', reason: 'internal error while it was to find: x is undefined' } },
  ]);
  expect(bench.lost).toEqual([]);
});

test('a stop of the daemon calls off all but what creates or confirms; that has its time, and no more', async () => {
  const bench = createBench();
  const stops = holdStops(bench);
  const creations = held<{ readonly kind: 'unknown'; readonly reason: string }>({
    kind: 'unknown',
    reason: 'called off',
  });
  bench.ports.scheduler.create = ({ spec }, signal) => creations.begin(spec.token, signal);
  bench.put('a', 'stopping');
  bench.put('b', 'creating');
  await bench.drained();
  let isOver = false;
  void bench.runner.drain(15 * SECOND).then(() => (isOver = true));
  await bench.drained();
  expect([stops.begun[0]!.signal.aborted, creations.begun[0]!.signal.aborted]).toEqual([true, false]);
  bench.put('c', 'creating');
  await bench.clock.pass(14 * SECOND);
  expect(isOver).toBe(false);
  await bench.clock.pass(2 * SECOND);
  expect(creations.begun).toHaveLength(1);
  expect(creations.begun[0]!.signal.aborted).toBe(true);
  expect(isOver).toBe(true);
});
