import type { Planned } from './fault.ts';

interface Armed {
  readonly planned: Planned;
  left: number;
}

/** Waits, for planned faults, until the daemon has passed their place as often as they say. */
export class FaultPoints {
  #armed: Armed[] = [];
  readonly #acts = new Map<string, () => void>();

  arm(planned: Planned): void {
    if (!('point' in planned.when)) throw new Error(`fault ${planned.number} has no place`);
    this.#armed.push({ planned, left: planned.when.passing });
  }

  disarm(): void {
    this.#armed = [];
  }

  /** For a scenario: does something the next time that the daemon is right there, before it goes on. */
  next(point: string, act: () => void): void {
    this.#acts.set(point, act);
  }

  /** What is due now that the daemon passes a place. */
  passes(point: string): Planned[] {
    const act = this.#acts.get(point);
    this.#acts.delete(point);
    act?.();
    if (this.#armed.length === 0) return [];
    const due: Planned[] = [];
    for (const armed of this.#armed) {
      if ('point' in armed.planned.when && armed.planned.when.point === point) armed.left -= 1;
      if (armed.left === 0) due.push(armed.planned);
    }
    if (due.length > 0) this.#armed = this.#armed.filter((armed) => armed.left > 0);
    return due;
  }
}
