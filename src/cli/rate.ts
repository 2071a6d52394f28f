import { progressOf } from '../views/progress.ts';
import type { Progress } from '../views/progress.ts';

/** The daemon writes progress once a second; a rate over a few of these is steady and still tells the truth. */
const WINDOW_MS = 5_000;

interface Sample {
  readonly bytes: number;
  readonly atMs: number;
}

/** Rates of several transfers, each over its last seconds. */
export interface Rates {
  /** `atMs` is monotonic. */
  note(key: string, movedBytes: number, totalBytes: number | null, atMs: number): Progress;
}

export function createRates(): Rates {
  const samples = new Map<string, Sample[]>();
  return {
    note(key, movedBytes, totalBytes, atMs) {
      const before = samples.get(key) ?? [];
      // a transfer that began anew has no past
      const own = before.at(-1) !== undefined && before.at(-1)!.bytes > movedBytes ? [] : before;
      const kept = [...own.filter((sample) => atMs - sample.atMs <= WINDOW_MS), { bytes: movedBytes, atMs }];
      samples.set(key, kept);
      const oldest = kept[0]!;
      return progressOf(movedBytes, totalBytes, movedBytes - oldest.bytes, atMs - oldest.atMs);
    },
  };
}
