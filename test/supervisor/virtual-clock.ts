import type { Clock } from '../../src/domain/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

/**
 * Time that passes only when a test says so, and then as fast as the work that falls due. `coarseMs`: no timer fires
 * sooner than this, for spans in which the short pauses of the supervisor do not matter.
 */
export class VirtualClock implements Clock {
  /** 2026-01-01T00:00:00Z: any date would do. */
  readonly #epochMs = 1_767_225_600_000;
  readonly #coarseMs: number;
  readonly #timers = new Set<Timer>();
  #nowMs = 0;
  #ids = 0;

  constructor(coarseMs = 0) {
    this.#coarseMs = coarseMs;
  }

  now(): number {
    return this.#epochMs + this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fire: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(delayMs, this.#coarseMs), fire };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const done = (): void => {
        cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.after(delayMs, done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  random(): number {
    return 0.5;
  }

  randomId(length: number): string {
    this.#ids += 1;
    return this.#ids.toString(32).padStart(length, 'a').replaceAll(/[01]/g, 'z');
  }

  /** Everything that falls due within `spanMs`, in order; each with all that follows from it at once. */
  async pass(spanMs: number): Promise<void> {
    const untilMs = this.#nowMs + spanMs;
    await drained();
    for (;;) {
      let next: Timer | null = null;
      for (const timer of this.#timers) if (next === null || timer.atMs < next.atMs) next = timer;
      if (next === null || next.atMs > untilMs) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.fire();
      await drained();
    }
    this.#nowMs = untilMs;
  }

  /** The machine sleeps: time passes, and no timer fires before it is over. */
  jump(spanMs: number): void {
    this.#nowMs += spanMs;
  }
}

/** All promises that are resolved by now have been heard. */
function drained(): Promise<void> {
  return new Promise(setImmediate);
}
