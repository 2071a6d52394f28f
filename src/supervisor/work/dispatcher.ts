import { formatToken } from '../../domain/attempt.ts';
import type { Phase } from '../../domain/case.ts';
import type { Clock } from '../../domain/clock.ts';
import { countStaged, nextToLease, nextToStage } from '../../store/cases.ts';
import type { Reader } from '../../store/database.ts';
import { freeSlots } from '../../store/slots.ts';
import type { Dispatch } from '../case/dispatch.ts';
import type { Host } from '../host/host.ts';
import type { LiveCases } from '../case/live-cases.ts';

/** Length of a token's random part: 40 bits, so that two attempts never meet. */
const RANDOM_LETTERS = 8;

/**
 * Chooses what to stage next, and gives free slots to staged cases: by priority (rising with waiting time), then age.
 * Runs after events (a slot was freed, a case was staged, a host came back), never by a timer.
 */
export interface Dispatcher {
  /** Asks for one pass soon; many calls before it are one. */
  kick(): void;
  stop(): void;
}

export function createDispatcher(deps: {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly isOnline: (host: string) => boolean;
  /** The barrier: nothing is leased on a host before it was reconciled since it was last unreachable. */
  readonly isReconciled: (host: string) => boolean;
  readonly instance: string;
  readonly live: LiveCases;
  readonly store: Reader;
  readonly dispatch: Dispatch;
  readonly clock: Clock;
  readonly onTrouble: (error: unknown) => void;
}): Dispatcher {
  const { hosts, isOnline, isReconciled, instance, live, store, dispatch, clock } = deps;
  let cancel: (() => void) | null = null;
  let stopped = false;

  /** Spares the database its questions: most kicks find nobody who waits. */
  const isAny = (phase: Phase, host?: string): boolean =>
    live.all().some((row) => row.phase === phase && (host === undefined || row.host === host));

  const stage = (): void => {
    while (isAny('waiting')) {
      const room = [...hosts.values()]
        .filter((host) => isOnline(host.name))
        .map((host) => ({
          host,
          places: host.stageAhead + freeSlots(store.db, host.name).length - countStaged(store.db, host.name),
        }))
        .filter(({ places }) => places > 0)
        .sort((a, b) => b.places - a.places)[0];
      const next = room === undefined ? undefined : nextToStage(store.db, 1)[0];
      if (room === undefined || next === undefined) return;
      const random = clock.randomId(RANDOM_LETTERS);
      const token = formatToken({ instance, caseId: next.id, attempt: next.attempt, random });
      if (dispatch(next.id, { type: 'host.assigned', host: room.host.name, token }, { entry: next.entry }) === null)
        return;
    }
  };

  const lease = (): void => {
    for (const host of hosts.values()) {
      if (!isOnline(host.name) || !isReconciled(host.name) || !isAny('staged', host.name)) continue;
      const free = freeSlots(store.db, host.name);
      if (free.length === 0) continue;
      const staged = nextToLease(store.db, host.name, free.length);
      for (const [index, row] of staged.entries()) {
        dispatch(row.id, { type: 'slot.leased', slot: free[index]!.name }, { entry: row.entry });
      }
    }
  };

  const pass = (): void => {
    cancel = null;
    if (stopped) return;
    try {
      lease();
      stage();
    } catch (error) {
      deps.onTrouble(error);
    }
  };

  return {
    kick() {
      if (!stopped) cancel ??= clock.after(0, pass);
    },
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}
