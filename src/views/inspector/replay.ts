import type { Clock } from '../../domain/clock.ts';
import type { Chapter } from './story.ts';
import type { InspectionMessage } from './message.ts';

/** Nobody waits for longer between two events, however long it took then. */
const LONGEST_GAP_MS = 3_000;

export type ReplayCommand = 'play' | 'pause' | 'step';

export interface ReplayPosition {
  /** Rows told. */
  readonly told: number;
  readonly of: number;
  readonly playing: boolean;
}

export interface Replay {
  /** Ignored once all is told. */
  command(command: ReplayCommand): void;
  /** Resolves when all is told, or `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ReplayOptions {
  readonly chapters: readonly Chapter[];
  readonly clock: Clock;
  /** How many times faster than it was; null: a step is a command. */
  readonly speed: number | null;
  readonly publish: (messages: readonly InspectionMessage[]) => void;
  readonly onPosition: (position: ReplayPosition) => void;
}

/** Tells the story of a case again, in its own time, faster, or step by step. */
export function createReplay({ chapters, clock, speed, publish, onPosition }: ReplayOptions): Replay {
  let playing = speed !== null;
  let steps = 0;
  let told = 0;
  let woken = new AbortController();
  const report = (): void => onPosition({ told, of: chapters.length, playing: playing && told < chapters.length });

  /** Waits for the next row's turn: its time has come, or somebody asked for it. */
  async function turn(gapMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (steps > 0) {
        steps -= 1;
        return;
      }
      woken = new AbortController();
      const either = AbortSignal.any([signal, woken.signal]);
      if (playing) await clock.sleep(gapMs, either);
      else await aborted(either);
      if (!either.aborted) return;
    }
  }

  return {
    command(command) {
      if (command === 'step') steps += 1;
      playing = command === 'play';
      woken.abort();
      report();
    },
    async run(signal) {
      for (const [index, { row, messages }] of chapters.entries()) {
        const before = chapters[index - 1]?.row.at ?? row.at;
        // the first is there at once: a viewer that opens sees where it begins
        if (index > 0) await turn(Math.min((row.at - before) / (speed ?? 1), LONGEST_GAP_MS), signal);
        if (signal.aborted) return;
        publish(messages);
        told = index + 1;
        report();
      }
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
