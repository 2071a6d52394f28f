import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';

import type { Clock } from '../domain/clock.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** The real time, and chance that nobody can guess. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      signal?.addEventListener('abort', done, { once: true });
    });
  },
  random: () => randomInt(2 ** 32) / 2 ** 32,
  randomId: (length) => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join(''),
};
