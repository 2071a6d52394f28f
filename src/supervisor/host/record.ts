import type { Clock } from '../../domain/clock.ts';
import type { Troubles } from '../../domain/trouble.ts';
import type { Node } from '../../domain/job.ts';
import type { BlindCause } from '../../domain/observation.ts';
import type { Store } from '../../store/database.ts';
import type { Tx } from '../../store/database.ts';
import { readHost, updateHost } from '../../store/hosts.ts';
import { noteRoot } from '../../store/left-root.ts';
import { beginSpell, endSpell } from '../../store/spells.ts';
import type { Log } from '../log.ts';

/** `lastSeenAt` is written at most this often while nothing else changes. */
const SEEN_EVERY_MS = 10_000;

type HostChange = Parameters<typeof updateHost>[2];

/** What the database says of one host, and of the spells in which it was unreachable. Nothing here throws. */
export interface HostRecord {
  /** What a full disk kept from being written goes with the next write. */
  write(change: HostChange): void;
  /** It answers: that is no proof yet that it can be worked with, so a spell goes on until `proven`. */
  answered(node: Node, notices: readonly string[], at: number): void;
  /** Returns the spell that its cases refer to; null when nothing can be written. */
  lost(
    change: { readonly cause: BlindCause; readonly reason: string; readonly retryAt: number },
    at: number,
  ): number | null;
  /** All that lies on it was reconciled: the spell is over. */
  proven(at: number): void;
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
  readonly troubles: Troubles;
}): HostRecord {
  const { host, root, store, clock, log, troubles } = deps;
  const subject = { kind: 'host', host } as const;
  let owed: HostChange = {};
  let seenAtMs = Number.NEGATIVE_INFINITY;
  let said = '';
  /** What was last told of the spell that lasts; null while there is none. */
  let told: string | null = null;

  const write = (change: HostChange, also: (tx: Tx) => void = () => {}): boolean => {
    owed = { ...owed, ...change };
    try {
      store.write((tx) => {
        updateHost(tx, host, owed);
        // before anything is sent there
        if (owed.state === 'online') noteRoot(tx, host, root);
        also(tx);
      });
      owed = {};
      troubles.over(subject, 'recording');
      return true;
    } catch (error) {
      troubles.note(subject, 'recording', error);
      return false;
    }
  };

  const isWritten = (): boolean => Object.keys(owed).length === 0;

  /** Also what a full disk still keeps from the database. */
  const known = (): HostChange => ({ ...readHost(store.db, host), ...owed });

  return {
    write: (change) => void write(change),
    isWritten,
    answered(node, notices, at) {
      const isNew = known().cause == null;
      // the first time since start-up, or since it was last proven
      write({
        state: 'online',
        ...(isNew ? { since: at } : {}),
        lastSeenAt: at,
        retryAt: null,
        node,
        notices: [...notices],
      });
      log.info({ host }, `host ${host} is online`);
    },
    lost({ cause, reason, retryAt }, at) {
      const before = known();
      const since = before.cause == null ? at : (before.since ?? at);
      let spell: number | null = null;
      const change = { state: 'offline', since, cause, reason, retryAt, reconciledAt: null } as const;
      const isWritten = write(change, (tx) => {
        spell = beginSpell(tx, host, cause, reason, at);
      });
      const saying = `${cause} ${reason}`;
      if (saying !== told) log.warn({ host, cause }, `host ${host} is unreachable: ${reason}`);
      told = saying;
      return isWritten ? spell : null;
    },
    proven(at) {
      const wasLost = known().cause != null;
      const change = wasLost ? { since: at, cause: null, reason: null, reconciledAt: at } : { reconciledAt: at };
      if (write(change, (tx) => endSpell(tx, host, at))) told = null;
    },
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
