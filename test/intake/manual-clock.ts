import type { Clock } from '../../src/domain/clock.ts';

/** Stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs = 1_000_000;
  #drawn = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly fire: () => void }>();

  now(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fire: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.after(delayMs, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  random(): number {
    return 0.5;
  }

  randomId(length: number): string {
    return String(this.#drawn++).padStart(length, 'a');
  }

  isDueWithin(ms: number): boolean {
    return [...this.#timers].some((timer) => timer.atMs <= this.#nowMs + ms);
  }

  /** Fires what is due by then, once each. */
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#timers].sort((a, b) => a.atMs - b.atMs)) {
      if (timer.atMs <= this.#nowMs && this.#timers.delete(timer)) timer.fire();
    }
  }
}
