import type { CaseEvent } from '../../../machines/index.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Troubles } from '../../domain/trouble.ts';
import type { Blind } from '../../scheduler/scheduler.ts';
import type { Store } from '../../store/database.ts';
import { hasAttempts } from '../../store/attempts.ts';
import { leftRoot, strays } from '../../store/left-root.ts';
import type { RunningTime } from '../../store/running-time.ts';
import type { CaseChange } from '../case/commit.ts';
import type { Dispatch } from '../case/dispatch.ts';
import { createGpuWatch } from './sweeps/gpus.ts';
import type { GpuWatch } from './sweeps/gpus.ts';
import type { Host } from './host.ts';
import { createHostRecord } from './record.ts';
import { createLink } from './link.ts';
import type { Link, LinkState } from './link.ts';
import type { LiveCases } from '../case/live-cases.ts';
import type { Log } from '../log.ts';
import { createObserver } from './looks.ts';
import type { Observer } from './looks.ts';
import { createLeftovers } from './sweeps/leftovers.ts';
import { createReconciling } from './sweeps/reconcile.ts';
import { createRetention } from './sweeps/retention.ts';
import { createSweep } from './sweeps/sweep.ts';
import type { Sweep } from './sweeps/sweep.ts';

/** Reconcile and retention come at least this often. */
const RECONCILE_EVERY_MS = 5 * 60_000;

/** While something there is nobody's; most often a hint tells sooner how it has ended. */
const ORPHANS_EVERY_MS = 30_000;

/** A full disk, mostly. */
const RETRY_SWEEP_MS = 5_000;

/** Everything that goes on for one host: its link, its looks, its hints, its sweeps. */
export interface HostWatch {
  readonly host: Host;
  start(): void;
  isOnline(): boolean;
  /** It was connected to, or could not be, since start-up. */
  wasTried(): boolean;
  /** The barrier is lifted: every attempt there was reconciled since start-up, and since the host was last unreachable. */
  isReconciled(): boolean;
  /** At least once since start-up. */
  wasReconciled(): boolean;
  lost(blind: Pick<Blind, 'cause' | 'reason'>): void;
  reconcile(): void;
  /** An operator mended it: look again now. */
  retry(): void;
  stop(): Promise<void>;
}

export function createHostWatch(deps: {
  readonly host: Host;
  readonly store: Store;
  readonly live: LiveCases;
  readonly dispatch: Dispatch;
  readonly announce: (change: CaseChange) => void;
  readonly clock: Clock;
  readonly running: RunningTime;
  readonly log: Log;
  readonly troubles: Troubles;
  /** The names of all hosts of the configuration. */
  readonly configured: readonly string[];
  /** Work may start there now, or slots may be leased. */
  readonly onReady: () => void;
}): HostWatch {
  const { host, store, live, dispatch, clock, log, troubles } = deps;
  const record = createHostRecord({ host: host.name, root: host.root, store, clock, log, troubles });
  const subject = { kind: 'host', host: host.name } as const;
  const stopping = new AbortController();
  let reconciled = false;
  let everReconciled = false;
  let tried = false;
  /** Jobs there that are nobody's, as last reconciled. */
  let orphans = 0;
  /** Counts the times that the host became unreachable. */
  let spells = 0;
  let hints = new AbortController();

  const tellCases = (event: CaseEvent): void => {
    for (const row of live.on(host.name)) {
      try {
        dispatch(row.id, event);
      } catch (error) {
        troubles.note({ kind: 'daemon' }, 'database', error);
      }
    }
  };

  /** A job has begun or ended there; perhaps one that is nobody's. */
  const hint = (): void => {
    observer.hint();
    if (orphans > 0) sweep.ask();
  };

  const follow = async (): Promise<void> => {
    hints = new AbortController();
    const { signal } = hints;
    while (!signal.aborted && link.isOnline()) {
      await host.transport.follow(host.eventsFile, hint, signal);
      // a tail that ends at once (no such command, no such file) costs hints, not the host
      await clock.sleep(host.observeEveryMs, signal);
    }
  };

  const onState = (state: LinkState): void => {
    const at = clock.now();
    tried ||= state.kind !== 'connecting';
    switch (state.kind) {
      case 'connecting':
        return record.write({ state: 'connecting' });
      case 'online':
        record.answered(state.node, state.notices, at);
        tellCases({ type: 'host.reachable', host: host.name });
        void follow();
        sweep.ask();
        observer.hint();
        return deps.onReady();
      case 'offline': {
        reconciled = false;
        spells += 1;
        hints.abort();
        observer.forget();
        const { cause, reason, retryInMs } = state;
        const spell = record.lost({ cause, reason, retryAt: at + retryInMs }, at);
        return tellCases({ type: 'host.unreachable', host: host.name, cause, atMs: at, spell });
      }
    }
  };

  const link: Link = createLink({
    host,
    clock,
    mayMakeRoot: () => !hasAttempts(store.db, host.name),
    leftRoot: () => leftRoot(store.db, host.name, host.root),
    strays: () => strays(store.db, deps.configured),
    onState,
  });
  const observer: Observer = createObserver({
    host,
    live,
    isOnline: () => link.isOnline(),
    onBlind: (blind) => link.lost(blind),
    onLook: (look) => record.seen(look.node, [...look.notices, ...gpus.notices()]),
    store,
    dispatch,
    clock,
    troubles,
  });

  const gpus: GpuWatch = createGpuWatch({
    host,
    store,
    isOnline: () => link.isOnline(),
    spells: () => spells,
    onBlind: (blind) => link.lost(blind),
    onFree: () => deps.onReady(),
    clock,
    log,
    troubles,
    signal: stopping.signal,
  });

  const { signal } = stopping;
  const { announce, running } = deps;
  const reconciling = createReconciling({ host, store, announce, clock, log, troubles, signal });
  const leftovers = createLeftovers({ host, db: store.db, troubles, signal });
  const retention = createRetention({ host, store, running, clock, log, troubles, signal });

  const sweep: Sweep = createSweep(clock, RECONCILE_EVERY_MS, async () => {
    if (!link.isOnline() || signal.aborted) return;
    const spell = spells;
    // unreachable meanwhile: what was seen, or not, is old, and coming back has asked for another one already
    const isOld = (): boolean => signal.aborted || spell !== spells;
    try {
      const outcome = await reconciling.runOnce();
      if (isOld()) return;
      if (outcome.kind === 'blind') return link.lost(outcome);
      ({ orphans } = outcome);
      troubles.over(subject, 'reconciling');
      // before the barrier lifts: nothing is leased beside somebody else's process
      await gpus.probe();
      if (isOld()) return;
      reconciled = everReconciled = true;
      link.proven();
      record.proven(clock.now());
      deps.onReady();
      const blind = (await leftovers.runOnce(outcome.staging)) ?? (await retention.runOnce());
      if (isOld()) return;
      if (blind !== null) link.lost(blind);
      if (orphans > 0) sweepAgain(ORPHANS_EVERY_MS);
    } catch (error) {
      troubles.note(subject, 'reconciling', error);
      sweepAgain(RETRY_SWEEP_MS);
    }
  });
  let cancelSweep = (): void => {};
  const sweepAgain = (afterMs: number): void => {
    cancelSweep();
    cancelSweep = clock.after(afterMs, () => sweep.ask());
  };

  return {
    host,
    start() {
      link.start();
      observer.start();
    },
    isOnline: () => link.isOnline(),
    wasTried: () => tried,
    // committed, too: what a full disk kept from being written no reader knows of
    isReconciled: () => reconciled && record.isWritten() && gpus.isWritten(),
    wasReconciled: () => everReconciled,
    lost: (blind) => link.lost(blind),
    reconcile: () => sweep.ask(),
    retry: () => link.retry(),
    async stop() {
      stopping.abort();
      hints.abort();
      cancelSweep();
      await Promise.all([sweep.stop(), observer.stop(), gpus.stop()]);
      await link.stop();
    },
  };
}
