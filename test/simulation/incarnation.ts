import type { Timeline } from './timeline.ts';

/** Thrown where the daemon dies in the middle of a step. Nothing that it did after can have an effect. */
export class Crashed extends Error {
  constructor() {
    super('the daemon is dead');
  }
}

/** One life of the daemon. All that it waits for ends with it: its timers never fire, its promises never resolve. */
export class Incarnation {
  alive = true;
  /** Something of the daemon ran: its promises are to be followed up before time goes on. */
  touched = false;
  /** Stopped by SIGSTOP, or starved: until then nothing of it runs. */
  frozenUntilMs = 0;
  readonly number: number;
  readonly #timeline: Timeline;
  readonly #onDeath: (() => void)[] = [];

  constructor(number: number, timeline: Timeline) {
    this.number = number;
    this.#timeline = timeline;
  }

  later(delayMs: number, fire: () => void): () => void {
    let cancel = (): void => {};
    let cancelled = false;
    const act = (): void => {
      if (!this.alive || cancelled) return;
      if (this.frozenUntilMs > this.#timeline.nowMs) {
        cancel = this.#timeline.after(this.frozenUntilMs - this.#timeline.nowMs, act);
        return;
      }
      this.touched = true;
      fire();
    };
    cancel = this.#timeline.after(delayMs, act);
    return () => {
      cancelled = true;
      cancel();
    };
  }

  die(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const act of this.#onDeath) act();
  }

  onDeath(act: () => void): void {
    this.#onDeath.push(act);
  }
}
