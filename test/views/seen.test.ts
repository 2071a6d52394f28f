import { expect, test } from 'vitest';

import type { HostRow, ListedCase } from '../../src/store/queries.ts';
import { seenMs } from '../../src/views/seen.ts';

const MINUTE = 60_000;
const row = (change: Partial<ListedCase> = {}): ListedCase =>
  ({
    phase: 'executing',
    observedMs: MINUTE,
    updatedAt: 10 * MINUTE,
    phaseSince: 0,
    blindCause: null,
    ...change,
  }) as ListedCase;
const host = (change: Partial<HostRow> = {}): HostRow =>
  ({ state: 'online', since: 0, lastSeenAt: 10 * MINUTE + 25_000, ...change }) as HostRow;

test('what was seen since the last commit counts, up to the minute after which it is committed', () => {
  expect(seenMs(row(), host())).toBe(MINUTE + 25_000);
  expect(seenMs(row(), host({ lastSeenAt: 30 * MINUTE }))).toBe(2 * MINUTE);
  expect(seenMs(row(), host({ lastSeenAt: 9 * MINUTE }))).toBe(MINUTE);
});

test('a view that was broken does not count, nor anything but executing', () => {
  expect(seenMs(row(), host({ since: 10 * MINUTE + 20_000 }))).toBe(MINUTE + 5_000);
  expect(seenMs(row({ blindCause: 'link' }), host())).toBe(MINUTE);
  expect(seenMs(row({ phase: 'queued' }), host())).toBe(MINUTE);
  expect(seenMs(row(), host({ state: 'offline' }))).toBe(MINUTE);
  expect(seenMs(row(), host({ lastSeenAt: null }))).toBe(MINUTE);
  expect(seenMs(row(), undefined)).toBe(MINUTE);
});
