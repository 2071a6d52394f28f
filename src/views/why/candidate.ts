import { formatDuration } from '../../domain/duration.ts';
import type { CandidateRow } from '../../store/queries.ts';
import type { Because, Explanation, WhyConfig, WhyDaemon } from './facts.ts';
import { heldFor, noDaemon } from './words.ts';

/** A folder that is no case, or not yet. Pure. */
export function explainCandidate(row: CandidateRow, config: WhyConfig, daemon: WhyDaemon, nowMs: number): Explanation {
  const { waitsFor, says, next } = sayCandidate(row, config, nowMs);
  if (daemon.running || waitsFor === 'nothing') return { waitsFor, sentence: `${row.name} ${says}`, next, more: null };
  return {
    waitsFor: 'daemon',
    sentence: `${noDaemon(daemon.lastSignMs, nowMs)}, so nobody watches ${row.name}: it ${says}`,
    next: 'mqi run',
    more: null,
  };
}

/** The intake writes a whole clause beside each folder; what stands here is for a row that has none yet. */
export function sayCandidate(row: CandidateRow, config: WhyConfig, nowMs: number): Because {
  switch (row.state) {
    case 'settling':
      return {
        waitsFor: 'settling',
        says: `is no case yet${heldFor(row.firstSeenAt, nowMs)}: ${row.reason ?? settles(config)}`,
        next: null,
      };
    case 'history':
      return {
        waitsFor: 'operator',
        says: `is held back: ${row.reason ?? 'it was here at the first start'}`,
        next: 'mqi intake admit --all, or mqi intake admit --all --as-done',
      };
    case 'rejected':
      return {
        waitsFor: 'operator',
        says: `cannot be a case and is left untouched: ${row.reason ?? 'no reason was recorded'}; it is read again once it changes`,
        next: 'mend the folder',
      };
    case 'changed':
      return {
        waitsFor: 'operator',
        says: `is not taken as it is now: ${row.reason ?? 'it changed since it was taken'}`,
        next: row.caseId === null ? 'mqi intake list' : `mqi cases retry ${row.caseId}`,
      };
    case 'admitted':
      return {
        waitsFor: 'nothing',
        says: `is case ${row.caseId ?? 'of an earlier run'}`,
        next: row.caseId === null ? null : `mqi why ${row.caseId}`,
      };
    case 'done':
      return { waitsFor: 'nothing', says: `counts as done: ${row.reason ?? 'an operator said so'}`, next: null };
  }
}

function settles({ readyMarker, quietPeriodMs }: WhyConfig): string {
  return readyMarker === null
    ? `it becomes one when nothing in it has changed for ${formatDuration(quietPeriodMs)}`
    : `it becomes one when ${readyMarker} is in it and nothing changes any more`;
}
