// no weeks: people write `30d`, not `4w2d`
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/**
 * A text that `parseDurationMs` reads back as exactly this: `30s`, `24h`, `7d`, `1h30m`. For files that are read again;
 * `formatDuration` (domain) is for people and rounds. Whole milliseconds from 0.
 */
export function durationText(durationMs: number): string {
  if (durationMs === 0) return '0s';
  // a limit of one day is said as `24h`
  if (durationMs === 86_400_000) return '24h';
  let restMs = durationMs;
  let text = '';
  for (const [unit, unitMs] of UNITS) {
    const amount = Math.floor(restMs / unitMs);
    if (amount > 0) text += `${amount}${unit}`;
    restMs -= amount * unitMs;
  }
  return text;
}
