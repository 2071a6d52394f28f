import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { doubt, nextSampleMs, settle } from '../../src/intake/settle.ts';
import type { Sample, Settling } from '../../src/intake/settle.ts';

const QUIET_MS = 30_000;
const quiet = { quietPeriodMs: QUIET_MS, readyMarker: null };
const marked = { quietPeriodMs: QUIET_MS, readyMarker: 'READY' };

const seen = (signature: string): Sample => ({ kind: 'seen', signature, hasContent: true, temporary: null });

const anySample = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b').map(seen) },
  {
    weight: 1,
    arbitrary: fc.constant<Sample>({ ...(seen('a') as Extract<Sample, { kind: 'seen' }>), hasContent: false }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Sample>({ ...(seen('a') as Extract<Sample, { kind: 'seen' }>), temporary: 'x' }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Sample>({ kind: 'moving' }, { kind: 'blind', reason: 'EIO' }) },
);
const anyHistory = fc.array(fc.record({ sample: anySample, pauseMs: fc.nat(QUIET_MS / 2), tookMs: fc.nat(5_000) }), {
  maxLength: 40,
});

function play(
  history: readonly { sample: Sample; pauseMs: number; tookMs: number }[],
  rule: typeof quiet | typeof marked,
) {
  let settling: Settling | null = null;
  let nowMs = 0;
  return history.map(({ sample, pauseMs, tookMs }) => {
    const startedMs = nowMs + pauseMs;
    const endedMs = startedMs + tookMs;
    nowMs = endedMs;
    const { settling: next, verdict } = settle(settling, sample, startedMs, endedMs, rule);
    settling = next;
    return { sample, startedMs, endedMs, verdict };
  });
}

describe('without a marker', () => {
  test('a folder settles only when every sample of a whole quiet period saw the same complete content', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const played = play(history, quiet);
        for (const [index, { sample, startedMs, verdict }] of played.entries()) {
          if (verdict.kind !== 'settled') continue;
          expect(sample).toMatchObject({ kind: 'seen', hasContent: true, temporary: null });
          // the unbroken row of equal samples that ends here
          let first = index;
          while (first > 0 && isEqual(played[first - 1]!.sample, sample)) first -= 1;
          expect(startedMs - played[first]!.endedMs).toBeGreaterThanOrEqual(QUIET_MS);
        }
      }),
    );
  });

  test('a folder that is left alone settles as soon as the quiet period is over', () => {
    fc.assert(
      fc.property(anyHistory, fc.integer({ min: 1, max: QUIET_MS }), (history, paceMs) => {
        const samples = Math.ceil(QUIET_MS / paceMs) + 1;
        const still = Array.from({ length: samples }, () => ({ sample: seen('still'), pauseMs: paceMs, tookMs: 0 }));
        expect(play([...history, ...still], quiet).at(-1)!.verdict.kind).toBe('settled');
      }),
    );
  });
});

describe('with a marker', () => {
  test('a folder never settles without it, however quiet it is', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10 * QUIET_MS)), (pauses) => {
        const history = pauses.map((pauseMs) => ({ sample: { kind: 'unmarked' } as Sample, pauseMs, tookMs: 0 }));
        expect(play(history, marked).every(({ verdict }) => verdict.kind === 'waiting')).toBe(true);
      }),
    );
  });

  test('a folder settles at the first sample that sees it', () => {
    expect(settle(null, seen('a'), 0, 0, marked).verdict.kind).toBe('settled');
  });

  test('a marker that was there before the copy had ended is believed only together with a quiet period', () => {
    const first = settle(doubt(0), seen('a'), 0, 0, marked);
    expect(first.verdict.kind).toBe('waiting');
    expect(settle(first.settling, seen('a'), QUIET_MS, QUIET_MS, marked).verdict.kind).toBe('settled');
  });
});

test('what waits long is sampled ever more rarely, but never later than a twentieth of its wait or the rescan', () => {
  const pace = { leastMs: 1_000, mostMs: 30_000, quietPeriodMs: QUIET_MS };
  fc.assert(
    fc.property(fc.nat(1e9), (unchangedMs) => {
      const delayMs = nextSampleMs({ signature: 'a', sinceMs: 0, doubted: false }, unchangedMs, pace);
      expect(delayMs).toBeGreaterThanOrEqual(pace.leastMs);
      expect(delayMs).toBeLessThanOrEqual(Math.max(pace.leastMs, Math.min(unchangedMs / 20, pace.mostMs)));
    }),
  );
});

function isEqual(a: Sample, b: Sample): boolean {
  return a.kind === 'seen' && b.kind === 'seen' && a.signature === b.signature;
}
