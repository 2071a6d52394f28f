import type { CaseDetail, JournalRow, SpellRow } from '../../store/queries.ts';
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
  const tell = (row: JournalRow): void => {
    const step = stepBy(row, chapters.at(-1)?.actor ?? null, limitOf(detail, row.attempt));
    chapters.push({ row, ...step });
  };
  const edges = detail.spells.flatMap(edgesOf).toSorted((a, b) => a.at - b.at);
  const tellEdges = (untilMs: number): void => {
    while (edges[0] !== undefined && edges[0].at < untilMs) {
      const edge = edges.shift()!;
      const last = chapters.at(-1);
      // before the case was there, or sent to this host, it is none of its story
      if (last?.actor.snapshot.context.host !== edge.host) continue;
      const { caseId, attempt, toPhase } = last.row;
      tell({ ...edge, caseId, attempt, fromPhase: toPhase, toPhase, failureKind: null });
    }
  };
  for (const row of detail.journal) {
    tellEdges(row.at);
    tell(row);
  }
  tellEdges(Number.POSITIVE_INFINITY);
  return chapters;
}

/** That its host was lost, and was back, is in the journal of the host: both are told as the case heard of them. */
function edgesOf(spell: SpellRow) {
  const lost = lostEdge(spell, spell.since);
  return spell.endedAt === null ? [lost] : [lost, backEdge(spell, spell.endedAt)];
}

export function lostEdge({ id, host, cause }: Pick<SpellRow, 'id' | 'host' | 'cause'>, at: number) {
  return { id: -2 * id, host, at, event: 'host.unreachable', detail: { host, cause, atMs: at, spell: id } };
}

export function backEdge({ id, host }: Pick<SpellRow, 'id' | 'host'>, at: number) {
  return { id: -2 * id - 1, host, at, event: 'host.reachable', detail: { host } };
}

/** As it was last set: the journal does not say what an attempt began with. */
function limitOf({ attempts, row }: CaseDetail, number: number): number {
  return attempts.find((attempt) => attempt.number === number)?.limitMs ?? row.limitMs;
}
