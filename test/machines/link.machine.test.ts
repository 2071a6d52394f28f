import * as fc from 'fast-check';
import { initialTransition, transition } from 'xstate';
import type { SnapshotFrom } from 'xstate';
import { describe, expect, test } from 'vitest';

import { LINK_BACKOFF_MS, backoffMs, linkMachine } from '../../machines/index.ts';
import type { LinkEvent } from '../../machines/index.ts';

type LinkSnapshot = SnapshotFrom<typeof linkMachine>;
type LinkState = LinkSnapshot['value'];

const opened: LinkEvent = { type: 'link.opened' };
const proven: LinkEvent = { type: 'link.proven' };
const over: LinkEvent = { type: 'backoff.over' };
const lost = (jitter = 0): LinkEvent => ({ type: 'link.lost', reason: 'connection reset', jitter });
const failed = (jitter = 0): LinkEvent => ({ type: 'link.failed', reason: 'no route to host', jitter });

const initial = (): LinkSnapshot => initialTransition(linkMachine, { host: 'gpu1' })[0];
const step = (snapshot: LinkSnapshot, event: LinkEvent): LinkSnapshot => transition(linkMachine, snapshot, event)[0];
const walk = (...events: readonly LinkEvent[]): LinkSnapshot => events.reduce(step, initial());

const ROUTES = {
  connecting: [],
  online: [opened],
  offline: [failed()],
} as const satisfies Record<LinkState, readonly LinkEvent[]>;

/** `.` ignored · otherwise the state that follows, the work that it wants, and `failures` afterwards. */
const TABLE = {
  'link.opened': { event: opened, connecting: 'online - 0', online: '.', offline: '.' },
  'link.proven': { event: proven, connecting: '.', online: 'online - 0', offline: '.' },
  'link.lost': { event: lost(), connecting: 'offline wait 1', online: 'offline wait 1', offline: '.' },
  'link.failed': { event: failed(), connecting: 'offline wait 1', online: '.', offline: '.' },
  'backoff.over': { event: over, connecting: '.', online: '.', offline: 'connecting connect 1' },
} as const satisfies Record<LinkEvent['type'], { readonly event: LinkEvent } & Record<LinkState, string>>;

test('the table below knows every state and every event', () => {
  expect(Object.keys(linkMachine.states)).toEqual(Object.keys(ROUTES));
  expect(Object.keys(TABLE).toSorted()).toEqual(linkMachine.events.toSorted());
});

describe.each(Object.entries(TABLE))('%s', (_, { event, ...row }) => {
  test.each(Object.entries(row))('in %s: %s', (state, expected) => {
    const snapshot = walk(...ROUTES[state as LinkState]);
    expect(snapshot.value).toBe(state);
    const [next, actions] = transition(linkMachine, snapshot, event);
    if (expected === '.') {
      expect(snapshot.can(event)).toBe(false);
      expect(next).toBe(snapshot);
      expect(actions).toEqual([]);
      return;
    }
    expect(snapshot.can(event)).toBe(true);
    const work = actions.map(({ type }) => type).join(' ') || '-';
    expect(`${next.value} ${work} ${next.context.failures}`).toBe(expected);
  });
});

test('a new link is connecting, and wants to', () => {
  const [snapshot, actions] = initialTransition(linkMachine, { host: 'gpu1' });
  expect(snapshot.value).toBe('connecting');
  expect(snapshot.context).toEqual({ host: 'gpu1', failures: 0, retryInMs: 0, reason: null });
  expect(actions.map(({ type }) => type)).toEqual(['connect']);
});

test('a lost link says why and when it is tried again; an open one has forgotten both, a proven one its failures too', () => {
  const offline = walk(opened, lost(0));
  expect(offline.context).toEqual({ host: 'gpu1', failures: 1, retryInMs: 500, reason: 'connection reset' });
  expect(walk(opened, lost(0), over, opened).context).toEqual({ ...initial().context, failures: 1 });
  expect(walk(opened, lost(0), over, opened, proven).context).toEqual(initial().context);
});

const jitters = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const events: fc.Arbitrary<LinkEvent> = fc.oneof(
  fc.constant(opened),
  fc.constant(over),
  fc.constant(proven),
  jitters.map(lost),
  jitters.map(failed),
);

test('failures count what broke since the host was last proven, however often it was connected to meanwhile', () => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 80 }), (sequence) => {
      let snapshot = initial();
      let broken = 0;
      let isTold = false;
      for (const event of sequence) {
        if (snapshot.can(event) && event.type === 'link.proven') broken = 0;
        if (snapshot.can(event) && event.type === 'link.opened') isTold = false;
        if (snapshot.can(event) && (event.type === 'link.lost' || event.type === 'link.failed')) {
          broken += 1;
          isTold = true;
        }
        snapshot = step(snapshot, event);
        expect(snapshot.context.failures).toBe(broken);
        expect(snapshot.context.reason === null).toBe(!isTold);
      }
    }),
  );
});

test('from any state a link is online again after at most a pause and a connection', () => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 40 }), (sequence) => {
      expect([over, opened].reduce(step, walk(...sequence)).value).toBe('online');
    }),
  );
});

test('a pause is at least half and at most the whole of its step, which doubles up to the longest', () => {
  fc.assert(
    fc.property(fc.nat({ max: 5_000 }), jitters, (failures, jitter) => {
      const stepMs = Math.min(LINK_BACKOFF_MS.longest, LINK_BACKOFF_MS.first * 2 ** Math.max(0, failures - 1));
      const pauseMs = backoffMs(failures, jitter);
      expect(Number.isInteger(pauseMs)).toBe(true);
      expect(pauseMs).toBeGreaterThanOrEqual(stepMs / 2);
      expect(pauseMs).toBeLessThanOrEqual(stepMs);
    }),
  );
});

test('with the same jitter a pause never gets shorter by one more failure', () => {
  fc.assert(
    fc.property(fc.nat({ max: 100 }), jitters, (failures, jitter) => {
      expect(backoffMs(failures + 1, jitter)).toBeGreaterThanOrEqual(backoffMs(failures, jitter));
    }),
  );
});

test('the steps are 1, 2, 4 … seconds, a minute at most', () => {
  const steps = [0, 1, 2, 3, 4, 5, 6, 7, 8, 100].map((failures) => backoffMs(failures, 0) * 2);
  expect(steps).toEqual([1, 1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000));
});
