import { resultsFolder } from '../results.ts';
import type { Because, WhyFacts } from './facts.ts';
import { named } from './words.ts';

/** A case that is over; null for any other. */
export function explainFinal({ row, config, heldBackBy }: WhyFacts): Because | null {
  if (row.state === 'completed') {
    const where = resultsFolder(config.results, row.name, row.attempt);
    return { waitsFor: 'nothing', says: `is completed: its verified results lie in ${where}`, next: null };
  }
  if (row.state === 'failed') {
    const orphan = heldBackBy.find((attempt) => attempt.orphan !== null);
    const found = orphan === undefined ? '' : `; but ${named(orphan)} was found: ${orphan.orphan}`;
    const next = row.failure?.hint ?? `mqi cases show ${row.id}`;
    return {
      waitsFor: 'operator',
      says: `has failed (${row.failure?.kind ?? 'unknown'}): ${row.failure?.message ?? 'no reason was recorded'}${found}`,
      next: orphan === undefined ? next : `mqi cases adopt ${row.id}`,
    };
  }
  return null;
}
