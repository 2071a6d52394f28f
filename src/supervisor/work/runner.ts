import type { Clock } from '../../domain/clock.ts';
import type { Troubles } from '../../domain/trouble.ts';
import type { Effect } from '../../domain/case.ts';
import type { CaseRow } from '../../store/cases.ts';
import type { Reader } from '../../store/database.ts';
import type { Progress } from '../../transport/transport.ts';
import type { Blind } from '../../scheduler/scheduler.ts';
import type { Dispatch } from '../case/dispatch.ts';
import { perform } from './effects.ts';
import type { EffectOutcome } from './effects.ts';
import type { FailPoint } from '../fail-point.ts';
import type { Host } from '../host/host.ts';
import type { LiveCases } from '../case/live-cases.ts';
import { reasonOf } from '../log.ts';
import { WANTED } from '../case/snapshot.ts';

/** Pauses between tries of a piece of work that was blocked or blind, milliseconds. */
const BACKOFF_MS = { first: 500, longest: 30_000 } as const;

/**
 * How much may go on at once on a host. Transfers share one bulk connection: more of them only slow each other. Stops
 * have a room of their own: each may last for as long as its job takes to end, and holds up nothing else. Commands are
 * capped by the transport.
 */
const MOST_A_HOST = { transfers: 2, stops: 8, commands: 8 } as const;

const ROOM_OF = {
  upload: 'transfers',
  collect: 'transfers',
  stop: 'stops',
  create: 'commands',
  find: 'commands',
  release: 'commands',
} as const satisfies Record<Effect, keyof typeof MOST_A_HOST>;

/** An aborted piece of work ends at once, or is left behind. */
const ABORT_MS = 2_000;

interface Work {
  readonly effect: Effect;
  readonly entry: number;
  readonly host: string;
  readonly abort: AbortController;
  readonly over: Promise<void>;
}

interface Pause {
  readonly entry: number;
  readonly tries: number;
  readonly cancel: () => void;
  waiting: boolean;
}

/**
 * Level-triggered: what a case's phase wants is running, or will be as soon as its host is online, its pause is over
 * and there is room. Never told to start anything twice; a lost wake-up costs nothing, `syncAll` mends it.
 */
export interface Runner {
  sync(caseId: string): void;
  syncHost(host: string): void;
  /** No new work; creating and confirming run to their outcome (at most `boundMs`), the rest is aborted. */
  drain(boundMs: number): Promise<void>;
}

export function createRunner(deps: {
  readonly live: LiveCases;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly isOnline: (host: string) => boolean;
  readonly onBlind: (host: string, blind: Blind) => void;
  readonly dispatch: Dispatch;
  readonly store: Reader;
  readonly clock: Clock;
  readonly failPoint: FailPoint;
  readonly troubles: Troubles;
  readonly results: string;
  readonly onProgress: (token: string, progress: Progress) => void;
  readonly isDeleted: (row: Pick<CaseRow, 'path' | 'createdAt'>) => Promise<boolean>;
}): Runner {
  const { live, hosts, isOnline, dispatch, clock, failPoint, troubles } = deps;
  const works = new Map<string, Work>();
  const pauses = new Map<string, Pause>();
  let draining = false;

  const hasRoom = (host: string, effect: Effect): boolean => {
    const kind = ROOM_OF[effect];
    let busy = 0;
    for (const work of works.values()) if (work.host === host && ROOM_OF[work.effect] === kind) busy += 1;
    return busy < MOST_A_HOST[kind];
  };

  const sync = (caseId: string): void => {
    const row = live.get(caseId);
    const work = works.get(caseId);
    if (work !== undefined) {
      // its end calls sync again
      if (work.entry !== row?.entry) work.abort.abort();
      return;
    }
    const pause = pauses.get(caseId);
    if (pause !== undefined && pause.entry !== row?.entry) {
      pause.cancel();
      pauses.delete(caseId);
    } else if (pause?.waiting === true) return;
    if (row === null || draining) return;
    const effect = WANTED.get(row.phase);
    const host = row.host === null ? undefined : hosts.get(row.host);
    if (effect === undefined || host === undefined || !isOnline(host.name) || !hasRoom(host.name, effect)) return;
    const abort = new AbortController();
    works.set(caseId, { effect, entry: row.entry, host: host.name, abort, over: doWork(row, effect, host, abort) });
  };

  /** Never rejects. */
  const doWork = async (row: CaseRow, effect: Effect, host: Host, abort: AbortController): Promise<void> => {
    // the caller records the work before it starts: an outcome can then never come before its record
    await Promise.resolve();
    let outcome: EffectOutcome;
    try {
      failPoint(`${effect}.before`);
      outcome = await perform(effect, {
        row,
        host,
        store: deps.store,
        results: deps.results,
        failPoint,
        signal: abort.signal,
        onProgress: (progress) => deps.onProgress(row.token!, progress),
        isDeleted: deps.isDeleted,
      });
      failPoint(`${effect}.after`);
    } catch (error) {
      // a port never rejects: this is a defect of ours, and the case must not pay for it
      outcome = { kind: 'blocked', reason: `internal error while it was to ${effect}: ${reasonOf(error)}` };
    }
    await conclude(row, effect, host, outcome, abort.signal);
    works.delete(row.id);
    sync(row.id);
    syncHost(host.name);
  };

  const conclude = async (
    row: CaseRow,
    effect: Effect,
    host: Host,
    outcome: EffectOutcome,
    signal: AbortSignal,
  ): Promise<void> => {
    if (outcome.kind === 'event') {
      await commit(row, outcome.event);
      const after = live.get(row.id);
      // where nothing came of it, it would come again at once
      const isAgain = outcome.event.type === 'upload.failed' || after?.entry === row.entry;
      if (isAgain && after !== null) pauseWork(row.id, after.entry);
      return;
    }
    if (signal.aborted) return;
    if (outcome.kind === 'blind') deps.onBlind(host.name, outcome);
    else await commit(row, { type: 'work.blocked', reason: outcome.reason });
    pauseWork(row.id, row.entry);
  };

  /** An outcome must not be lost to a full disk: it is committed as soon as the database takes it. */
  const commit = async (row: CaseRow, event: Parameters<Dispatch>[1]): Promise<void> => {
    for (let tries = 0; ; tries += 1) {
      try {
        dispatch(row.id, event, { entry: row.entry });
        troubles.over({ kind: 'daemon' }, 'database');
        return;
      } catch (error) {
        troubles.note({ kind: 'daemon' }, 'database', error);
        if (draining) return;
        await clock.sleep(Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** Math.min(tries, 10)));
      }
    }
  };

  const pauseWork = (caseId: string, entry: number): void => {
    const before = pauses.get(caseId);
    const tries = before?.entry === entry ? before.tries + 1 : 1;
    const stepMs = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** Math.min(tries - 1, 10));
    const pause: Pause = {
      entry,
      tries,
      waiting: true,
      cancel: clock.after(stepMs * (0.5 + clock.random() / 2), () => {
        pause.waiting = false;
        sync(caseId);
      }),
    };
    pauses.set(caseId, pause);
  };

  const triesOf = ({ id, entry }: CaseRow): number => {
    const pause = pauses.get(id);
    return pause?.entry === entry ? pause.tries : 0;
  };

  /** What was tried least comes first: where there is no room for all, what hangs each time keeps nobody waiting. */
  const syncHost = (host: string): void => {
    for (const row of live.on(host).sort((a, b) => triesOf(a) - triesOf(b))) sync(row.id);
  };

  return {
    sync,
    syncHost,
    async drain(boundMs) {
      draining = true;
      for (const pause of pauses.values()) pause.cancel();
      const abortAll = (spared: readonly Effect[]): void => {
        for (const work of works.values()) if (!spared.includes(work.effect)) work.abort.abort();
      };
      const allOver = Promise.all([...works.values()].map((work) => work.over));
      const over = new AbortController();
      abortAll(['create', 'find']);
      await Promise.race([allOver, clock.sleep(boundMs, over.signal)]);
      abortAll([]);
      await Promise.race([allOver, clock.sleep(ABORT_MS, over.signal)]);
      over.abort();
    },
  };
}
