import { describe, expect, it } from 'vitest';

import type { Clock } from '../../src/domain/clock.ts';
import { caseDetail } from '../../src/store/queries.ts';
import { createReplay } from '../../src/views/inspector/replay.ts';
import type { Replay, ReplayPosition } from '../../src/views/inspector/replay.ts';
import { storyOf } from '../../src/views/inspector/story.ts';
import type { Chapter } from '../../src/views/inspector/story.ts';
import { testSite } from '../cli/site.ts';

/** Notes how long it was asked to sleep; wakes when the test says so, or at once. */
interface SleepyClock extends Clock {
  readonly slept: number[];
  /** The next sleeps last until they are aborted. */
  isDeep: boolean;
}

function sleepyClock(): SleepyClock {
  return {
    slept: [],
    isDeep: false,
    now: () => 0,
    monotonic: () => 0,
    after: () => () => {},
    sleep(delayMs, signal) {
      this.slept.push(delayMs);
      if (!this.isDeep) return Promise.resolve();
      return new Promise((resolve) => {
        if (signal?.aborted === true) resolve();
        else signal?.addEventListener('abort', () => resolve(), { once: true });
      });
    },
    random: () => 0,
    randomId: (length) => 'a'.repeat(length),
  };
}

/** A finished case: its rows are a second apart, but its job ran for an hour. */
function chapters(): Chapter[] {
  const site = testSite();
  const id = site.admit('a');
  site.execute(id);
  site.clock.pass(3_600_000);
  site.finish(id, 0);
  return storyOf(caseDetail(site.store.db, id)!);
}

function replayOf(speed: number | null, clock = sleepyClock()) {
  const told: Chapter[] = chapters();
  const heard: string[] = [];
  const positions: ReplayPosition[] = [];
  let wake = (): void => {};
  const replay: Replay = createReplay({
    chapters: told,
    clock,
    speed,
    publish: (messages) => {
      heard.push(...messages.filter(({ type }) => type === '@xstate.snapshot').map(({ id }) => id));
    },
    onPosition: (position) => {
      positions.push(position);
      wake();
    },
  });
  const reaches = async (count: number): Promise<void> => {
    while ((positions.at(-1)?.told ?? 0) < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { replay, told, heard, positions, clock, reaches };
}

describe('a replay', () => {
  it('tells everything once, in order, with the pauses of then', async () => {
    const { replay, told, heard, positions, clock } = replayOf(1);
    await replay.run(new AbortController().signal);
    expect(heard).toEqual(told.map(({ row }) => `${row.id}.2`));
    expect(clock.slept.slice(0, 5)).toEqual([1_000, 1_000, 1_000, 1_000, 1_000]);
    // nobody waits an hour
    expect(Math.max(...clock.slept)).toBe(3_000);
    expect(positions.at(-1)).toEqual({ told: told.length, of: told.length, playing: false });
  });

  it('is as much faster as was asked for', async () => {
    const { replay, clock } = replayOf(10);
    await replay.run(new AbortController().signal);
    expect(clock.slept[0]).toBe(100);
  });

  it('goes step by step: an event for each command, and none without', async () => {
    const { replay, told, heard, clock, reaches } = replayOf(null);
    const running = replay.run(new AbortController().signal);
    await reaches(1);
    for (let steps = 2; steps <= told.length; steps += 1) {
      expect(heard).toHaveLength(steps - 1);
      replay.command('step');
      await reaches(steps);
    }
    await running;
    expect(clock.slept).toEqual([]);
  });

  it('pauses, takes steps that were asked for at once, and plays on', async () => {
    const { replay, told, heard, positions, clock, reaches } = replayOf(1);
    clock.isDeep = true;
    const running = replay.run(new AbortController().signal);
    await reaches(1);
    replay.command('pause');
    replay.command('step');
    replay.command('step');
    await reaches(3);
    expect(positions.at(-1)).toEqual({ told: 3, of: told.length, playing: false });
    clock.isDeep = false;
    replay.command('play');
    await running;
    expect(heard).toHaveLength(told.length);
  });

  it('ends where it is when it is aborted, playing or not', async () => {
    for (const speed of [1, null]) {
      const { replay, heard, clock, reaches } = replayOf(speed);
      clock.isDeep = true;
      const stopping = new AbortController();
      const running = replay.run(stopping.signal);
      await reaches(1);
      stopping.abort();
      await running;
      expect(heard).toHaveLength(1);
    }
  });

  it('of nothing is over at once', async () => {
    const replay = createReplay({
      chapters: [],
      clock: sleepyClock(),
      speed: 1,
      publish: () => {},
      onPosition: () => {},
    });
    await expect(replay.run(new AbortController().signal)).resolves.toBeUndefined();
    expect(() => replay.command('step')).not.toThrow();
  });
});
