/**
 * The JSON that `--json` prints and the web page serves: an interface, scripts depend on it (docs/json.md). Fields are
 * added, never renamed or removed. Times are RFC 3339 in UTC, durations whole milliseconds named `…Ms`, sizes `…Bytes`.
 */
export * from './shapes/case.ts';
export * from './shapes/counts.ts';
export * from './shapes/host.ts';
export * from './shapes/intake.ts';
export { timeText } from './shapes/time.ts';
