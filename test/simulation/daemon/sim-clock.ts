import type { Clock } from '../../../src/domain/clock.ts';
import type { Incarnation } from '../incarnation.ts';
import type { Random } from '../random.ts';
import type { Timeline } from '../timeline.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** 2026-11-24T21:00:00Z: any date would do. */
const EPOCH_MS = 1_795_554_000_000;

/** What an operator or NTP does to the date; no daemon is asked. */
export interface WallClock {
  offsetMs: number;
}

/** The clock's port, on virtual time. */
export class SimClock implements Clock {
  readonly #timeline: Timeline;
  readonly #incarnation: Incarnation;
  readonly #wall: WallClock;
  readonly #random: Random;
  /** Monotonic time begins anywhere, and anew with every reboot. */
  readonly #originMs: number;

  constructor(timeline: Timeline, incarnation: Incarnation, wall: WallClock, random: Random) {
    this.#timeline = timeline;
    this.#incarnation = incarnation;
    this.#wall = wall;
    this.#random = random.fork(`clock ${incarnation.number}`);
    this.#originMs = this.#random.between(0, 1e9);
  }

  now(): number {
    return Math.round(EPOCH_MS + this.#timeline.nowMs + this.#wall.offsetMs);
  }

  monotonic(): number {
    return this.#originMs + this.#timeline.nowMs;
  }

  after(delayMs: number, fire: () => void): () => void {
    return this.#incarnation.later(delayMs, fire);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const done = (): void => {
        cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#incarnation.later(delayMs, done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  random(): number {
    return this.#random.next();
  }

  randomId(length: number): string {
    return Array.from({ length }, () => LETTERS[this.#random.int(LETTERS.length)]).join('');
  }
}
