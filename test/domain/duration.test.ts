import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { formatDuration, formatSize, parseDurationMs, parseSizeBytes } from '../../src/domain/duration.ts';

describe('a duration is read as people write it', () => {
  test.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['5min', 300_000],
    ['1.5h', 5_400_000],
    ['1h30m', 5_400_000],
    ['1h 05m', 3_900_000],
    [' 2 d ', 172_800_000],
    ['1w', 604_800_000],
    ['0s', 0],
    ['1m30s500ms', 90_500],
    ['0.5ms', 1],
  ])('%s', (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected);
  });

  test.each(['', ' ', '30', '30 sec', 's', '-5s', '1h30', '1,5h', '.5h', '1 0s', '1.s', '5 M', '1h\n', 'ten minutes'])(
    'and refused where it is none: %j',
    (text) => {
      expect(parseDurationMs(text)).toBeNull();
    },
  );

  test('as the sum of its parts, in any order', () => {
    const part = fc.tuple(fc.nat({ max: 999 }), fc.constantFrom('ms', 's', 'min', 'm', 'h', 'd', 'w'));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), fc.constantFrom('', ' ', '  '), (parts, space) => {
        const words = parts.map(([amount, unit]) => `${amount}${space}${unit}`);
        const sumMs = words.reduce((sum, word) => sum + parseDurationMs(word)!, 0);
        expect(parseDurationMs(words.join(space))).toBe(sumMs);
        expect(parseDurationMs(words.toReversed().join(space))).toBe(sumMs);
      }),
    );
  });
});

describe('a size is read as people write it', () => {
  test.each([
    ['0 B', 0],
    ['12B', 12],
    ['1 kB', 1_000],
    ['500MB', 500_000_000],
    ['2 GB', 2_000_000_000],
    ['1TB', 1_000_000_000_000],
    ['1KiB', 1_024],
    ['1.5 MiB', 1_572_864],
    ['2 GiB', 2_147_483_648],
    [' 1 TiB ', 1_099_511_627_776],
  ])('%s', (text, expected) => {
    expect(parseSizeBytes(text)).toBe(expected);
  });

  test.each(['', '5', '5 K', '5KB', '-1 B', '1  GiB', '1 GiB x', '1 gib'])(
    'and refused where it is none: %j',
    (text) => {
      expect(parseSizeBytes(text)).toBeNull();
    },
  );
});

describe('a duration is shown in its two largest units, rounded down', () => {
  test.each([
    [0, '0ms'],
    [999.9, '999ms'],
    [1_000, '1s'],
    [12_345, '12.3s'],
    [59_999, '59.9s'],
    [60_000, '1m 00s'],
    [125_000, '2m 05s'],
    [3_599_999, '59m 59s'],
    [3_600_000, '1h 00m'],
    [3_900_000, '1h 05m'],
    [86_399_999, '23h 59m'],
    [86_400_000, '1d 00h'],
    [273_600_000, '3d 04h'],
  ])('%d ms', (durationMs, expected) => {
    expect(formatDuration(durationMs)).toBe(expected);
  });

  test('and what is shown can be typed again: never longer, and shorter by less than its last unit', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 * 604_800_000 }), (durationMs) => {
        const text = formatDuration(durationMs);
        const shownMs = parseDurationMs(text)!;
        const unit = text.includes('.') || /^\d+s$/.test(text) ? '0.1s' : text.replace(/^.*?\d+([a-z]+)$/, '1$1');
        expect(shownMs).toBeLessThanOrEqual(durationMs);
        expect(durationMs - shownMs).toBeLessThan(parseDurationMs(unit)!);
      }),
    );
  });
});

describe('a size is shown in binary units', () => {
  test.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [1_536, '1.5 KiB'],
    [1_048_575, '1.0 MiB'],
    [1_610_612_736, '1.5 GiB'],
    [2 ** 41, '2.0 TiB'],
    [2 ** 52, '4096.0 TiB'],
  ])('%d bytes', (sizeBytes, expected) => {
    expect(formatSize(sizeBytes)).toBe(expected);
  });

  test('and what is shown can be typed again, to a twentieth', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (sizeBytes) => {
        const text = formatSize(sizeBytes);
        expect(text).not.toMatch(/^1024.*[KMG]iB$/);
        expect(Math.abs(parseSizeBytes(text)! - sizeBytes)).toBeLessThanOrEqual(sizeBytes / 20);
      }),
    );
  });
});
