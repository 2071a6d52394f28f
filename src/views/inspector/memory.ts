import type { InspectionMessage } from './message.ts';

/** Actors that a late viewer is told of: as many as anybody can look at, and 3 MB with their definitions. */
export const MOST_ACTORS = 200;

/** Last messages of each of them. A case that goes well has about thirty; the newest snapshot is always among them. */
const RECENT_MESSAGES = 200;

/** What a viewer that comes late must hear to be where the others are. */
export interface Memory {
  /** Remembers a message, and gives its text. */
  note(message: InspectionMessage): string;
  /** Registrations, each followed by what happened to it last; oldest first. */
  recall(): readonly string[];
}

interface Remembered {
  readonly registration: string;
  readonly recent: string[];
  isOver: boolean;
}

export function createMemory(): Memory {
  const actors = new Map<string, Remembered>();
  return {
    note(message) {
      const text = JSON.stringify(message);
      if (message.type === '@xstate.actor') {
        actors.delete(message.sessionId);
        forgetOne(actors);
        actors.set(message.sessionId, { registration: text, recent: [], isOver: message.snapshot.status === 'done' });
        return text;
      }
      const actor = actors.get(message.sessionId);
      if (actor === undefined) return text;
      actor.recent.push(text);
      if (actor.recent.length > RECENT_MESSAGES) actor.recent.shift();
      if (message.type === '@xstate.snapshot') actor.isOver = message.snapshot.status === 'done';
      return text;
    },
    recall: () => [...actors.values()].flatMap(({ registration, recent }) => [registration, ...recent]),
  };
}

/** Room for one more: the oldest that is over goes first. */
function forgetOne(actors: Map<string, Remembered>): void {
  if (actors.size < MOST_ACTORS) return;
  const over = [...actors].find(([, { isOver }]) => isOver);
  const [oldest] = over ?? [...actors][0]!;
  actors.delete(oldest);
}
