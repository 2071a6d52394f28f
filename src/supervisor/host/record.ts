import type { Clock } from '../../domain/clock.ts';
import type { Node } from '../../domain/job.ts';
import type { Store } from '../../store/database.ts';
import { updateHost } from '../../store/hosts.ts';
import { noteRoot } from '../../store/left-root.ts';
import type { Episodes, Log } from '../log.ts';

/** `lastSeenAt` is written at most this often while nothing else changes. */
const SEEN_EVERY_MS = 10_000;

type HostChange = Parameters<typeof updateHost>[2];

/** What the database says of one host. */
export interface HostRecord {
  /** Never throws: what a full disk kept from being written goes with the next write. */
  write(change: HostChange): void;
  /** Nothing is owed: the database says all that was to be written. */
  isWritten(): boolean;
  /** A look came back, and this is what a person should know of the host. */
  seen(node: Node, notices: readonly string[]): void;
}

export function createHostRecord(deps: {
  readonly host: string;
  readonly root: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly episodes: Episodes;
}): HostRecord {
  const { host, root, store, clock, log, episodes } = deps;
  const what = `writing the state of ${host}`;
  let owed: HostChange = {};
  let seenAtMs = Number.NEGATIVE_INFINITY;
  let said = '';

  const write = (change: HostChange): void => {
    owed = { ...owed, ...change };
    try {
      store.write((tx) => {
        updateHost(tx, host, owed);
        // before anything is sent there
        if (owed.state === 'online') noteRoot(tx, host, root);
      });
      owed = {};
      episodes.over(what);
    } catch (error) {
      episodes.trouble(what, error);
    }
  };

  const isWritten = (): boolean => Object.keys(owed).length === 0;

  return {
    write,
    isWritten,
    seen(node, notices) {
      const saying = JSON.stringify(notices);
      const isNew = saying !== said;
      if (!isNew && isWritten() && clock.monotonic() - seenAtMs < SEEN_EVERY_MS) return;
      for (const notice of isNew ? notices : []) log.warn({ host }, `${host}: ${notice}`);
      said = saying;
      seenAtMs = clock.monotonic();
      write({ lastSeenAt: clock.now(), notices: [...notices], node });
    },
  };
}
