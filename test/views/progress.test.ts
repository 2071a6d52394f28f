import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createRates } from '../../src/cli/rate.ts';
import { progressOf, progressText } from '../../src/views/progress.ts';

const MIB = 1_048_576;

describe('progress', () => {
  it('tells how much, how fast and how long still', () => {
    expect(progressText(progressOf(MIB, 2 * MIB, MIB, 2_000))).toBe('1.0 MiB of 2.0 MiB (50%), 512.0 KiB/s, 2s left');
  });

  it('says less when less is known', () => {
    expect(progressText(progressOf(MIB, null, 0, 0))).toBe('1.0 MiB');
    expect(progressText(progressOf(0, 0, 0, 5_000))).toBe('0 B of 0 B');
  });

  it('never says 100 % before it is done, nor anything that is no number', () => {
    expect(progressText(progressOf(999_999, 1_000_000, 0, 0))).toContain('(99%)');
    fc.assert(
      fc.property(
        fc.nat(),
        fc.option(fc.nat(), { nil: null }),
        fc.integer(),
        fc.integer(),
        (moved, total, bytes, ms) => {
          expect(progressText(progressOf(moved, total, bytes, ms))).not.toMatch(/NaN|Infinity|-/);
        },
      ),
    );
  });
});

describe('a rate', () => {
  it('is that of the last seconds, each transfer by itself', () => {
    const rates = createRates();
    rates.note('a', 0, null, 0);
    rates.note('b', 0, null, 0);
    expect(rates.note('a', 1_000, null, 1_000).bytesPerSecond).toBe(1_000);
    expect(rates.note('b', 5_000, null, 1_000).bytesPerSecond).toBe(5_000);
    rates.note('a', 1_000, null, 6_000);
    expect(rates.note('a', 1_000, null, 10_000).bytesPerSecond).toBeNull();
  });

  it('begins anew with a transfer that began anew', () => {
    const rates = createRates();
    rates.note('a', 9_000, null, 0);
    rates.note('a', 0, null, 1_000);
    expect(rates.note('a', 500, null, 2_000).bytesPerSecond).toBe(500);
  });
});
