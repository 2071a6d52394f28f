import { parseDurationMs } from './duration.ts';

/** How short and how long the limit of a job may be, as people write it. */
export const LIMIT_BOUNDS = { min: '1s', max: '366d' } as const;

export type Limit =
  | { readonly kind: 'limit'; readonly limitMs: number }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string };

/** A limit as an operator writes it, by the same bounds as the configuration's. */
export function parseLimit(text: string): Limit {
  const limitMs = parseDurationMs(text);
  const hint = `write it as 30m, 24h, 1h30m or 7d, from ${LIMIT_BOUNDS.min} to ${LIMIT_BOUNDS.max}`;
  if (limitMs === null) return { kind: 'refused', message: `${text === '' ? '""' : text} is no duration`, hint };
  const { min, max } = LIMIT_BOUNDS;
  if (limitMs < parseDurationMs(min)!) {
    return { kind: 'refused', message: `a limit of ${text} would end every job at its start`, hint };
  }
  if (limitMs > parseDurationMs(max)!) {
    return { kind: 'refused', message: `a limit of ${text} is longer than any job may run (${max})`, hint };
  }
  return { kind: 'limit', limitMs };
}
