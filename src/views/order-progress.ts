import type { OrderRow } from '../store/queries.ts';
import { progressOf, progressText } from './progress.ts';

/** How far the work of an open order is: `its folder is being read for a retry: 12.0 GiB of 40.0 GiB (30%)`; null: it has not begun. */
export function orderProgress({ handledAt, progress }: Pick<OrderRow, 'handledAt' | 'progress'>): string | null {
  if (handledAt !== null || progress === null) return null;
  const { doing, moved, total } = progress;
  return total === null && moved === 0 ? doing : `${doing}: ${progressText(progressOf(moved, total, 0, 0))}`;
}
