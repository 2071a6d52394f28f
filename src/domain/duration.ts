/** Durations and sizes as people write them. */

const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const SIZE_UNITS_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** `30s`, `1.5h`, `1h30m`, `7d` → milliseconds; null when it is not a duration. A bare number is refused: no unit. */
export function parseDurationMs(text: string): number | null {
  if (!/^ *(\d+(\.\d+)? *(ms|s|min|m|h|d|w) *)+$/.test(text)) return null;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?) *(ms|s|min|m|h|d|w)/g)) {
    totalMs += Number(amount) * DURATION_UNITS_MS[unit!]!;
  }
  return Math.round(totalMs);
}

/** `2 GiB`, `500MB` → bytes; null when it is not a size. */
export function parseSizeBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?) ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/.exec(text.trim());
  return match === null ? null : Math.round(Number(match[1]) * SIZE_UNITS_BYTES[match[2]!]!);
}

/** Two largest units, as people say it: `1h 05m`, `12.3s`, `3d 04h`. Rounded down: 59.97 s is not a minute yet. */
export function formatDuration(durationMs: number): string {
  const pad = (value: number): string => String(value).padStart(2, '0');
  if (durationMs < 1_000) return `${Math.floor(durationMs)}ms`;
  if (durationMs < 60_000) return `${Math.floor(durationMs / 100) / 10}s`;
  const minutes = Math.floor(durationMs / 60_000);
  if (minutes < 60) return `${minutes}m ${pad(Math.floor((durationMs % 60_000) / 1_000))}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${pad(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${pad(hours % 24)}h`;
}

/** Binary units with one decimal: `1.5 GiB`. */
export function formatSize(sizeBytes: number): string {
  let value = sizeBytes;
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    // what would be rounded up to 1024.0 is one of the next unit
    if (value < 1023.95) return unit === 'B' ? `${value} B` : `${value.toFixed(1)} ${unit}`;
    value /= 1024;
  }
  return `${value.toFixed(1)} TiB`;
}
