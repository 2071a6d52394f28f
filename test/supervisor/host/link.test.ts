import { describe, expect, test } from 'vitest';

import { createLink } from '../../../src/supervisor/host/link.ts';
import type { LinkState } from '../../../src/supervisor/host/link.ts';
import type { Host } from '../../../src/supervisor/host/host.ts';
import { FakeHost } from '../fake-host.ts';
import { VirtualClock } from '../virtual-clock.ts';

const SECOND = 1_000;

/** A host with parts of its ports replaced, and what its link has said of it. */
function linkTo(change: (host: Host, clock: VirtualClock) => Host) {
  const clock = new VirtualClock();
  const fake = new FakeHost({ observeEveryMs: 10 * SECOND, slots: ['a'], compared: false });
  const states: LinkState[] = [];
  const link = createLink({
    host: change(fake.host, clock),
    clock,
    mayMakeRoot: () => true,
    leftRoot: () => null,
    strays: () => [],
    onState: (state) => states.push(state),
  });
  return { link, clock, states };
}

const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('a link', () => {
  test('waits for a connection as long as the transport allows', async () => {
    const { link, clock, states } = linkTo((host, time) => ({
      ...host,
      transport: {
        ...host.transport,
        connect: async (signal) => {
          await time.sleep(300 * SECOND, signal);
          return signal.aborted ? { kind: 'failed', reason: 'aborted' } : { kind: 'connected' };
        },
      },
    }));
    link.start();
    await clock.pass(299 * SECOND);
    expect(states).toEqual([{ kind: 'connecting' }]);
    await clock.pass(2 * SECOND);
    expect(states.at(-1)).toMatchObject({ kind: 'online' });
    await link.stop();
  });

  test('gives a host up that was connected to and does not answer, and says so', async () => {
    const { link, clock, states } = linkTo((host) => ({
      ...host,
      scheduler: {
        ...host.scheduler,
        prepare: async (signal) => {
          await whenAborted(signal);
          return { kind: 'blind', cause: 'link', reason: 'aborted' };
        },
      },
    }));
    link.start();
    await clock.pass(61 * SECOND);
    expect(states[1]).toMatchObject({ kind: 'offline', cause: 'link', reason: 'it did not answer within 60 s' });
    await link.stop();
  });

  test('waits longer each time that its host is lost, however often it answers in between, until all there was reconciled', async () => {
    const { link, clock, states } = linkTo((host) => host);
    const pauses = (): number[] => states.flatMap((state) => (state.kind === 'offline' ? [state.retryInMs] : []));
    const loseOften = async (times: number): Promise<void> => {
      for (let round = 0; round < times; round += 1) {
        await clock.pass(90 * SECOND);
        link.lost({ cause: 'link', reason: 'no answer' });
      }
    };
    link.start();
    await loseOften(4);
    const [first, second, third, fourth] = pauses();
    expect([second, third, fourth]).toEqual([first! * 2, first! * 4, first! * 8]);
    await clock.pass(90 * SECOND);
    link.proven();
    await loseOften(1);
    expect(pauses().at(-1)).toBe(first);
    await link.stop();
  });

  test('that is stopped while it connects says nothing more', async () => {
    const { link, states } = linkTo((host) => ({
      ...host,
      transport: {
        ...host.transport,
        connect: async (signal) => {
          await whenAborted(signal);
          return { kind: 'failed', reason: 'aborted' };
        },
      },
    }));
    link.start();
    await link.stop();
    expect(states).toEqual([{ kind: 'connecting' }]);
  });
});
