import { failureNow, failurePage } from '../failure.ts';
import { resultsFolder } from '../results.ts';
import { sayCandidate } from './candidate.ts';
import type { Because, WhyFacts } from './facts.ts';
import { named } from './words.ts';

/** A case that is over; null for any other. */
export function explainFinal({ row, config, heldBackBy, attempt, folder, nowMs }: WhyFacts): Because | null {
  const other = folder === null ? null : sayCandidate(folder, config, nowMs);
  const lies = other === null ? '' : `; the folder that lies under its name now ${other.says}`;
  if (row.state === 'completed') {
    const where = resultsFolder(config.results, row.name, row.attempt);
    return {
      waitsFor: 'nothing',
      says: `is completed: its verified results lie in ${where}${lies}`,
      next: other?.next ?? null,
    };
  }
  if (row.state === 'failed') {
    const failure = failureNow(row.failure, attempt);
    const orphan = heldBackBy.find((attempt) => attempt.orphan !== null);
    const found = orphan === undefined ? '' : `; but ${named(orphan)} was found: ${orphan.orphan}`;
    const next = failure?.hint ?? `mqi cases show ${row.id}`;
    return {
      waitsFor: 'operator',
      says: `has failed (${failure?.kind ?? 'unknown'}): ${failure?.message ?? 'no reason was recorded'}${found}${lies}`,
      next: orphan === undefined || orphan.token === attempt?.token ? next : `mqi cases adopt ${row.id}`,
      ...(failure === null ? {} : { more: failurePage(failure) }),
    };
  }
  return null;
}
