import type { Clock } from '../../domain/clock.ts';
import { caseDetail, journalAfter, lastJournalId, listLiveCases, readCase, spellsSince } from '../../store/queries.ts';
import type { ReadDb } from '../../store/queries.ts';
import { beginsAttempt, phaseOf, stepBy } from './actor.ts';
import type { InspectedActor } from './actor.ts';
import { MOST_ACTORS } from './memory.ts';
import type { InspectionMessage } from './message.ts';
import { backEdge, lostEdge, storyOf } from './story.ts';

/** How often the journal is asked for more: a person sees no delay, and the database no load. */
const POLL_MS = 250;

/** Rows that one poll takes at most; the rest comes with the next. */
const MOST_ROWS = 500;

export interface LiveFeed {
  readonly db: ReadDb;
  readonly clock: Clock;
  /** Null: every case that is not over, the newest of them where there are more than `MOST_ACTORS`. */
  readonly caseId: string | null;
  readonly publish: (messages: readonly InspectionMessage[]) => void;
}

/** Tells what happened so far to the cases that are live, then what happens, until `signal` aborts. */
export async function followLive(feed: LiveFeed, signal: AbortSignal): Promise<void> {
  const { db, clock, caseId, publish } = feed;
  const actors = new Map<string, InspectedActor>();
  let last = lastJournalId(db);
  const ids = caseId === null ? newestLive(db) : [caseId];
  for (const id of ids) tellUpTo(feed, actors, id, last);
  while (!signal.aborted) {
    const rows = journalAfter(db, last, MOST_ROWS);
    for (const row of rows) {
      last = row.id;
      if (caseId !== null && row.caseId !== caseId) continue;
      const before = actors.get(row.caseId) ?? null;
      if (before === null && !beginsAttempt(row)) tellUpTo(feed, actors, row.caseId, row.id);
      else {
        const { actor, messages } = stepBy(row, before, readCase(db, row.caseId)?.limitMs ?? 0);
        keep(actors, row.caseId, actor);
        publish(messages);
      }
    }
    if (rows.length === MOST_ROWS) continue;
    tellHosts(feed, actors);
    await clock.sleep(POLL_MS, signal);
  }
}

function newestLive(db: ReadDb): string[] {
  return [...listLiveCases(db)]
    .sort((a, b) => a.updatedAt - b.updatedAt)
    .slice(-MOST_ACTORS)
    .map(({ id }) => id);
}

/** The whole story of a case, as far as `last`: for one that was not followed until now. */
function tellUpTo({ db, publish }: LiveFeed, actors: Map<string, InspectedActor>, id: string, last: number): void {
  const detail = caseDetail(db, id);
  if (detail === null) return;
  const chapters = storyOf(detail).filter(({ row }) => row.id <= last);
  const actor = chapters.at(-1)?.actor;
  if (actor !== undefined) keep(actors, id, actor);
  publish(chapters.flatMap(({ messages }) => messages));
}

/** That a host was lost, or is back, is in no journal of a case: each case there is told as it hears of it. */
function tellHosts({ db, clock, publish }: LiveFeed, actors: Map<string, InspectedActor>): void {
  const lasting = new Map(spellsSince(db, Number.MAX_SAFE_INTEGER).map((spell) => [spell.host, spell]));
  for (const [caseId, before] of actors) {
    const { host, blind, attempt } = before.snapshot.context;
    if (host === null) continue;
    const spell = lasting.get(host);
    if (spell === undefined ? blind === null : blind?.spell === spell.id) continue;
    const edge =
      spell === undefined ? backEdge({ id: blind?.spell ?? 0, host }, clock.now()) : lostEdge(spell, spell.last);
    const phase = phaseOf(before.snapshot);
    const row = { ...edge, caseId, attempt, fromPhase: phase, toPhase: phase, failureKind: null };
    const { actor, messages } = stepBy(row, before, 0);
    // a phase that takes no notice of its host
    if (actor.snapshot.context.blind === blind) continue;
    actors.set(caseId, actor);
    publish(messages);
  }
}

/** Nothing happens to one that is over, but a new attempt: an actor of its own. */
function keep(actors: Map<string, InspectedActor>, id: string, actor: InspectedActor): void {
  if (actor.snapshot.status === 'done') actors.delete(id);
  else actors.set(id, actor);
}
