import type { Random } from './random.ts';

interface Event {
  readonly atMs: number;
  /** Decides between events of the same moment: chance, so that every order is tried. */
  readonly tie: number;
  readonly fire: () => void;
  cancelled: boolean;
}

/** Virtual time: a queue of events. Nothing happens between two of them. */
export class Timeline {
  nowMs = 0;
  readonly #heap: Event[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Returns what cancels it. */
  after(delayMs: number, fire: () => void): () => void {
    const event: Event = {
      atMs: this.nowMs + Math.max(0, delayMs),
      tie: this.#random.next(),
      fire,
      cancelled: false,
    };
    this.#push(event);
    return () => {
      event.cancelled = true;
    };
  }

  /** When the next event comes; null when none will. */
  nextAtMs(): number | null {
    while (this.#heap[0]?.cancelled === true) this.#pop();
    return this.#heap[0]?.atMs ?? null;
  }

  /** Fires the next event. False when there is none. */
  step(): boolean {
    if (this.nextAtMs() === null) return false;
    const event = this.#pop();
    this.nowMs = event.atMs;
    event.fire();
    return true;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): Event {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.tie < b.tie);
}
