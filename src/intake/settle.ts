/**
 * When is a folder complete? A rule without clock or disk: what was remembered of a candidate and a new sample of it give
 * what to remember and a verdict.
 */
export interface SettleRule {
  readonly quietPeriodMs: number;
  /** With a marker, the marker decides and not the quiet period. */
  readonly readyMarker: string | null;
}

export type Sample =
  | {
      readonly kind: 'seen';
      readonly signature: string;
      /** Does it hold anything but directories (and the marker)? */
      readonly hasContent: boolean;
      /** A file that carries a temporary name. */
      readonly temporary: string | null;
    }
  /** The marker is not there, so the rest was not read. */
  | { readonly kind: 'unmarked' }
  /** It changed under our eyes. */
  | { readonly kind: 'moving' }
  /** The disk said no: nothing is known. */
  | { readonly kind: 'blind'; readonly reason: string };

export interface Settling {
  /** Null when the last sample gave none. */
  readonly signature: string | null;
  /** Monotonic, milliseconds: when the first of an unbroken row of equal samples was begun. */
  readonly sinceMs: number;
  /** It was settled once and then changed while it was read: from then on a marker alone is not believed. */
  readonly doubted: boolean;
}

/** Reasons hold no numbers that run: each new one is written to the store. */
export type Verdict =
  | { readonly kind: 'settled'; readonly signature: string }
  | { readonly kind: 'waiting'; readonly reason: string };

/** `startedMs`, `endedMs`: when the sample began and ended, monotonic. */
export function settle(
  before: Settling | null,
  sample: Sample,
  startedMs: number,
  endedMs: number,
  rule: SettleRule,
): { readonly settling: Settling; readonly verdict: Verdict } {
  const doubted = before?.doubted ?? false;
  const signature = sample.kind === 'seen' ? sample.signature : sample.kind === 'unmarked' ? 'unmarked' : null;
  const isSame = before !== null && signature !== null && before.signature === signature;
  // an equal sample counts from the end of the first to the start of this one: in between nothing was written
  const settling: Settling = { signature, sinceMs: isSame ? before.sinceMs : endedMs, doubted };
  const waiting = (reason: string): { settling: Settling; verdict: Verdict } => ({
    settling,
    verdict: { kind: 'waiting', reason },
  });

  if (sample.kind === 'blind') return waiting(sample.reason);
  if (sample.kind === 'unmarked') return waiting(`waits for its marker ${JSON.stringify(rule.readyMarker)}`);
  if (sample.kind === 'moving') return waiting('it is still being written');
  if (sample.temporary !== null) {
    return waiting(
      `it holds an unfinished file: ${JSON.stringify(sample.temporary)} has a temporary name (watch.ignore)`,
    );
  }
  if (!sample.hasContent) return waiting('it is empty');
  const isQuiet = signature !== null && startedMs - settling.sinceMs >= rule.quietPeriodMs;
  const isMarked = rule.readyMarker !== null && !doubted;
  if (isMarked || isQuiet) return { settling, verdict: { kind: 'settled', signature: sample.signature } };
  return waiting('it is still being written, or was a moment ago');
}

/** What is remembered of a candidate that changed while it was read. */
export function doubt(nowMs: number): Settling {
  return { signature: null, sinceMs: nowMs, doubted: true };
}

/** A candidate that does not settle is sampled ever more rarely, late by a twentieth of the time it has waited. */
const PATIENCE = 20;

/** How long to wait for the next sample, milliseconds. */
export function nextSampleMs(
  settling: Settling,
  nowMs: number,
  pace: { readonly leastMs: number; readonly mostMs: number; readonly quietPeriodMs: number },
): number {
  const unchangedMs = nowMs - settling.sinceMs;
  if (unchangedMs <= pace.quietPeriodMs) return pace.leastMs;
  return Math.max(pace.leastMs, Math.min(unchangedMs / PATIENCE, pace.mostMs));
}
