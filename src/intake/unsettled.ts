import type { Settling } from './settle.ts';

/** Candidates that are sampled in turn; more wait, unseen, until there is room. */
export const MAX_UNSETTLED = 10_000;

/** A folder that is watched until it is complete: a new one, or a known one that was written to. In memory only. */
export interface Candidate {
  readonly path: string;
  readonly name: string;
  settling: Settling | null;
  /** Why it is not settled; null: not sampled yet. */
  reason: string | null;
  /** Monotonic, milliseconds. */
  nextSampleMs: number;
  /** What it was like when it settled; it waits to be read then, and is not sampled. */
  settled: { readonly signature: string; readonly stamp: string } | null;
  /** Could not be read, or written to the store: left alone until the next rescan. */
  held: boolean;
}

export class Unsettled {
  readonly #candidates = new Map<string, Candidate>();

  get size(): number {
    return this.#candidates.size;
  }

  /** Starts to watch a folder; false when there is no room for it. */
  track(path: string, name: string, nowMs: number): boolean {
    if (this.#candidates.has(path)) return true;
    if (this.#candidates.size >= MAX_UNSETTLED) return false;
    this.#candidates.set(path, {
      path,
      name,
      settling: null,
      reason: null,
      nextSampleMs: nowMs,
      settled: null,
      held: false,
    });
    return true;
  }

  get(path: string): Candidate | undefined {
    return this.#candidates.get(path);
  }

  /** Still watched? Asked after every wait: it may have been dropped, or dropped and tracked anew. */
  has(candidate: Candidate): boolean {
    return this.#candidates.get(candidate.path) === candidate;
  }

  drop(path: string): void {
    this.#candidates.delete(path);
  }

  all(): Candidate[] {
    return [...this.#candidates.values()];
  }

  due(nowMs: number): Candidate[] {
    return this.all().filter((one) => one.settled === null && !one.held && one.nextSampleMs <= nowMs);
  }

  settled(): Candidate[] {
    return this.all().filter((one) => one.settled !== null && !one.held);
  }

  releaseHeld(): void {
    for (const candidate of this.#candidates.values()) candidate.held = false;
  }
}
