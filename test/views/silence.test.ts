import { expect, test } from 'vitest';

import { rhythmsOf, silentMs } from '../../src/views/silence.ts';

const SECOND = 1_000;
const RHYTHMS = rhythmsOf([
  { name: 'a', observeEveryMs: 10 * SECOND, transport: { type: 'local' } },
  { name: 'b', observeEveryMs: 3_600 * SECOND, transport: { type: 'local' } },
  { name: 'slow', observeEveryMs: 10 * SECOND, transport: { type: 'ssh', connectTimeoutMs: 120 * SECOND } },
]);

const host = (name: string, state: 'online' | 'offline' | 'connecting', at: Partial<Record<string, number>>) => ({
  name,
  state,
  since: at['since'] ?? 0,
  lastSeenAt: at['seen'] ?? null,
  retryAt: at['retry'] ?? null,
});

/** Seconds: the last sign in the database, and now. */
const silent = (hosts: readonly ReturnType<typeof host>[], last: number | null, now: number) =>
  silentMs(hosts, RHYTHMS, last === null ? null : last * SECOND, now * SECOND);

test.each([
  ['a host that is looked at every ten seconds and was seen just now', [host('a', 'online', { seen: 0 })], 150],
  ['one whose look may take as long as it may', [host('a', 'online', { seen: 0 })], 160],
  ['one that is looked at once an hour', [host('b', 'online', { seen: 0 })], 3_700],
  ['one that is unreachable and tried again later', [host('a', 'offline', { retry: 60_000 })], 200],
  ['one that is being connected to', [host('a', 'connecting', {})], 150],
  ['one that may take two minutes to let us in', [host('slow', 'connecting', {})], 270],
  [
    'one that has been unreachable for long, and is tried once more',
    [host('a', 'connecting', { retry: 3_600_000 })],
    3_750,
  ],
  ['one of two that is in time', [host('a', 'online', { seen: 0 }), host('b', 'online', { seen: 0 })], 1_000],
])('a daemon is not called silent because of %s', (_, hosts, now) => {
  expect(silent(hosts, 0, now)).toBeNull();
});

test.each([
  ['a host that was seen', [host('a', 'online', { seen: 0 })], 161],
  ['a host that it was connecting to', [host('a', 'connecting', {})], 151],
  ['a host that may take two minutes to let us in', [host('slow', 'connecting', {})], 271],
  ['all of its hosts', [host('a', 'online', { seen: 0 }), host('b', 'online', { seen: 0 })], 3_751],
])('a daemon is silent that does not look any more at %s', (_, hosts, now) => {
  expect(silent(hosts, 0, now)).toBe(now * SECOND);
});

test.each(['offline', 'connecting'] as const)(
  'its silence is counted from the last try, for a host that is %s',
  (state) => {
    expect(silent([host('a', state, { retry: 3_600_000 })], 0, 3_751)).toBe(151 * SECOND);
  },
);

test('nobody can tell where no host is configured, none ever left a sign, or another sign is newer', () => {
  expect(silent([], 0, 10_000)).toBeNull();
  expect(silent([host('gone', 'online', { seen: 0 })], 0, 10_000)).toBeNull();
  expect(silent([host('a', 'online', { seen: 0 })], null, 10_000)).toBeNull();
  expect(silent([host('a', 'online', { seen: 0 })], 9_950, 10_000)).toBeNull();
});
