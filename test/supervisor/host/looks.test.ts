import { expect, test } from 'vitest';

import { readAttempt } from '../../../src/store/attempts.ts';
import { readCase } from '../../../src/store/cases.ts';
import type { CaseRow } from '../../../src/store/cases.ts';
import { readHost } from '../../../src/store/hosts.ts';
import { journal } from '../../../src/store/schema.ts';
import { spellsSince } from '../../../src/store/spells.ts';
import { lastingTroubles } from '../../../src/store/troubles.ts';
import { createWorld } from '../world.ts';
import type { World } from '../world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NETWORK = { kind: 'blind', cause: 'link', reason: 'the network is down' } as const;

/** Some cases, each on a slot of its own, executing. */
async function executing(
  names: readonly string[],
  limitMs: number,
): Promise<World & { row: (name: string) => CaseRow }> {
  const world = createWorld({ observeEveryMs: 10 * SECOND, limitMs, slots: names });
  world.supervisor.start();
  const ids = new Map(names.map((name) => [name, world.admit(name)]));
  await world.clock.pass(MINUTE);
  const row = (name: string): CaseRow => readCase(world.store.db, ids.get(name)!)!;
  for (const name of names) expect(row(name).phase).toBe('executing');
  return { ...world, row };
}
const journaled = ({ store }: World): number => store.db.select({ id: journal.id }).from(journal).all().length;

test('a job of which nobody can tell how it is blocks its own case, with the reason; the limit of the others strikes', async () => {
  const world = await executing(['odd', 'other'], HOUR);
  const { host, clock, row, store } = world;
  host.unreadable.set(row('odd').token!, 'attempts/x cannot be searched by ada');
  await clock.pass(MINUTE);
  expect(row('odd')).toMatchObject({ phase: 'executing', blocked: 'attempts/x cannot be searched by ada' });
  expect(lastingTroubles(store.db)).toMatchObject([{ what: 'blocked', token: row('odd').token }]);
  expect(readHost(store.db, 'fake')?.state).toBe('online');
  await clock.pass(HOUR);
  expect(row('other')).toMatchObject({ state: 'failed', failureKind: 'timed_out' });
  expect(row('odd').phase).toBe('executing');
  expect(row('odd').observedMs).toBeLessThan(2 * MINUTE);
});

test('once it can be told again the case is not blocked any more, and its time counts from there', async () => {
  const { host, clock, row, store } = await executing(['odd'], DAY);
  const before = row('odd').observedMs;
  host.unreadable.set(row('odd').token!, 'its directory is unreadable');
  await clock.pass(6 * HOUR);
  host.unreadable.clear();
  await clock.pass(HOUR);
  expect(row('odd')).toMatchObject({ phase: 'executing', blocked: null });
  expect(lastingTroubles(store.db)).toEqual([]);
  expect(row('odd').observedMs - before).toBeLessThanOrEqual(HOUR + MINUTE);
  expect(row('odd').observedMs - before).toBeGreaterThan(HOUR - 2 * MINUTE);
});

test('a job whose claim is deleted while it runs goes on to its limit: what was seen of it counts', async () => {
  const { host, clock, row, store } = await executing(['one'], HOUR);
  const { token } = row('one');
  expect(readAttempt(store.db, token!)?.claim).toMatchObject({ by: 'job' });
  // as on a host without a queue, which then says that it waits
  host.unclaimed.add(token!);
  await clock.pass(2 * HOUR);
  expect(row('one')).toMatchObject({ state: 'failed', failureKind: 'timed_out' });
});

test('what flickers for a day is a row of the journal, and not one a look', async () => {
  const world = await executing(['odd'], 9 * DAY);
  const { host, clock, row } = world;
  const begun = journaled(world);
  for (let minute = 0; minute < DAY / (2 * MINUTE); minute += 1) {
    host.unreadable.set(row('odd').token!, 'its directory is unreadable');
    await clock.pass(MINUTE);
    host.unreadable.clear();
    await clock.pass(MINUTE);
  }
  expect(journaled(world) - begun).toBe(1);
});

test('two good looks an hour apart add at most three intervals to what was seen of a job', async () => {
  const { clock, row, host } = await executing(['one'], DAY);
  await clock.pass(MINUTE);
  const before = row('one').observedMs;
  // the machine sleeps: no timer fires, and the clock goes on
  clock.jump(HOUR);
  await clock.pass(2 * MINUTE);
  expect(host.looks).toBeGreaterThan(0);
  expect(row('one').observedMs - before).toBeLessThanOrEqual(2 * MINUTE + 3 * 10 * SECOND + MINUTE);
});

test('what was seen before a host was unreachable counts after it, up to the last good look: a job on a flaky link reaches its limit', async () => {
  const { clock, row, host } = await executing(['hung'], HOUR);
  for (let spell = 0; spell < 40 && row('hung').state === 'running'; spell += 1) {
    await clock.pass(2 * MINUTE);
    host.blind = NETWORK;
    await clock.pass(2 * MINUTE);
    host.blind = null;
  }
  await clock.pass(2 * MINUTE);
  expect(row('hung')).toMatchObject({ state: 'failed', failureKind: 'timed_out' });
});

test.each([
  ['each time with a whole reconcile', null],
  ['and is never reconciled', { kind: 'blind', cause: 'garbled', reason: 'the list cannot be read' }],
] as const)(
  'a host that comes and goes for a day, %s, adds nothing to the journal and is in one spell',
  async (_, unlisted) => {
    const world = await executing(['one'], 9 * DAY);
    const { host, clock, store } = world;
    const begun = journaled(world);
    host.unlisted = unlisted;
    const lostAt = clock.now();
    for (let round = 0; round < DAY / MINUTE; round += 1) {
      host.blind = NETWORK;
      await clock.pass(10 * SECOND);
      host.blind = null;
      await clock.pass(10 * SECOND);
    }
    expect(journaled(world)).toBe(begun);
    const spells = spellsSince(store.db, 0);
    expect(spells).toHaveLength(1);
    expect(spells[0]!.since - lostAt).toBeLessThan(MINUTE);
    expect(spells[0]!.times).toBeGreaterThan(100);
  },
);

test('a host is tried again less and less often until it was reconciled: an answer alone heals nothing', async () => {
  const { host, clock, store } = await executing(['one'], 9 * DAY);
  host.unlisted = { kind: 'blind', cause: 'garbled', reason: 'the list cannot be read' };
  host.blind = NETWORK;
  await clock.pass(MINUTE);
  host.blind = null;
  await clock.pass(HOUR);
  const { times } = spellsSince(store.db, 0)[0]!;
  // a pause of a minute at the end, half of it at least: without the memory of its failures it were one a second
  expect(times).toBeLessThan(3 + HOUR / (30 * SECOND));
  expect(readHost(store.db, 'fake')).toMatchObject({ reconciledAt: null });
});

test('however often a host is tried again, it is unreachable since it was lost, until it was reconciled', async () => {
  const { host, clock, store } = await executing(['one'], 9 * DAY);
  const lostAt = clock.now();
  host.blind = NETWORK;
  await clock.pass(30 * MINUTE);
  const { since } = readHost(store.db, 'fake')!;
  expect(since - lostAt).toBeLessThan(20 * SECOND);
  host.blind = null;
  host.unlisted = { kind: 'blind', cause: 'garbled', reason: 'the list cannot be read' };
  await clock.pass(30 * MINUTE);
  expect(readHost(store.db, 'fake')).toMatchObject({ since, cause: 'garbled' });
  host.unlisted = null;
  await clock.pass(5 * MINUTE);
  const found = readHost(store.db, 'fake')!;
  expect(found).toMatchObject({ state: 'online', cause: null, reason: null });
  expect(found.since).toBeGreaterThan(since);
});
