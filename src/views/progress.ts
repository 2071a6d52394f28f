import { formatDuration, formatSize } from '../domain/duration.ts';

/** Bytes that travelled, and how fast. */
export interface Progress {
  readonly movedBytes: number;
  readonly totalBytes: number | null;
  /** Null before anything moved. */
  readonly bytesPerSecond: number | null;
  /** Null while the total or the rate is unknown. */
  readonly remainingMs: number | null;
}

/** Rates over less than this are noise. */
const SHORTEST_SPAN_MS = 200;

/** `spanMs`: how long `spanBytes` of the moved bytes took. */
export function progressOf(movedBytes: number, totalBytes: number | null, spanBytes: number, spanMs: number): Progress {
  const rate = spanMs < SHORTEST_SPAN_MS || spanBytes <= 0 ? null : (spanBytes * 1_000) / spanMs;
  const left = totalBytes === null ? null : Math.max(0, totalBytes - movedBytes);
  return {
    movedBytes,
    totalBytes,
    bytesPerSecond: rate === null ? null : Math.round(rate),
    remainingMs: rate === null || left === null ? null : Math.round((left * 1_000) / rate),
  };
}

/** `1.0 MiB of 2.0 MiB (50%), 512.0 KiB/s, 2s left` */
export function progressText(progress: Progress): string {
  const { movedBytes, totalBytes, bytesPerSecond, remainingMs } = progress;
  const share = totalBytes === null || totalBytes === 0 ? '' : ` (${percent(movedBytes, totalBytes)}%)`;
  const of = totalBytes === null ? '' : ` of ${formatSize(totalBytes)}${share}`;
  const rate = bytesPerSecond === null ? '' : `, ${formatSize(bytesPerSecond)}/s`;
  const left = remainingMs === null ? '' : `, ${formatDuration(remainingMs)} left`;
  return `${formatSize(movedBytes)}${of}${rate}${left}`;
}

/** Never says 100 before it is. */
function percent(part: number, whole: number): number {
  return Math.max(0, Math.min(100, Math.floor((part / whole) * 100)));
}
