import { resultsFolder } from '../results.ts';
import type { Because, WhyFacts } from './facts.ts';

/** A case that is over; null for any other. */
export function explainFinal({ row, config }: WhyFacts): Because | null {
  if (row.state === 'completed') {
    const where = resultsFolder(config.results, row.name, row.attempt);
    return { waitsFor: 'nothing', says: `is completed: its verified results lie in ${where}`, next: null };
  }
  if (row.state === 'failed') {
    return {
      waitsFor: 'operator',
      says: `has failed (${row.failure?.kind ?? 'unknown'}): ${row.failure?.message ?? 'no reason was recorded'}`,
      next: row.failure?.hint ?? `mqi cases show ${row.id}`,
    };
  }
  return null;
}
