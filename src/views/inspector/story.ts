import type { CaseDetail, JournalRow } from '../../store/queries.ts';
import { stepBy } from './actor.ts';
import type { InspectedActor } from './actor.ts';
import type { InspectionMessage } from './message.ts';

/** What one row of a case's journal tells, and the actor after it. */
export interface Chapter {
  readonly row: JournalRow;
  readonly actor: InspectedActor;
  readonly messages: readonly InspectionMessage[];
}

/** A case from its admission on, row by row: attempt after attempt, each an actor of its own. */
export function storyOf(detail: CaseDetail): Chapter[] {
  const chapters: Chapter[] = [];
  for (const row of detail.journal) {
    const step = stepBy(row, chapters.at(-1)?.actor ?? null, limitOf(detail, row.attempt));
    chapters.push({ row, ...step });
  }
  return chapters;
}

/** As it was last set: the journal does not say what an attempt began with. */
function limitOf({ attempts, row }: CaseDetail, number: number): number {
  return attempts.find((attempt) => attempt.number === number)?.limitMs ?? row.limitMs;
}
