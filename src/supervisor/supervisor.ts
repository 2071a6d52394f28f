import type { Clock } from '../domain/clock.ts';
import type { Troubles } from '../domain/trouble.ts';
import type { CaseRow } from '../store/cases.ts';
import type { Store } from '../store/database.ts';
import { readHosts, removeHost, resetHost } from '../store/hosts.ts';
import { createRunningTime } from '../store/running-time.ts';
import { forgetBusy, syncSlots } from '../store/slots.ts';
import { admitCase } from './case/admit.ts';
import type { FoundCase } from './case/admit.ts';
import { forgetHistory } from './case/history.ts';
import type { CaseChange } from './case/commit.ts';
import type { Tx } from '../store/database.ts';
import { createBarrier } from './host/barrier.ts';
import { createDispatcher } from './work/dispatcher.ts';
import { createDispatching } from './case/dispatch.ts';
import type { FailPoint } from './fail-point.ts';
import type { Host } from './host/host.ts';
import { createHostWatch } from './host/watch.ts';
import type { HostWatch } from './host/watch.ts';
import { caseIdOf } from './identity.ts';
import type { Identity } from './identity.ts';
import { createLiveCases } from './case/live-cases.ts';
import type { Log } from './log.ts';
import { createOrders } from './orders/orders.ts';
import type { OrderedIntake } from './orders/orders.ts';
import { createProgress } from './work/progress.ts';
import { createPulse } from './pulse.ts';
import { rehydrate } from './rehydrate.ts';
import { createRunner } from './work/runner.ts';
import { createSweep } from './host/sweeps/sweep.ts';

/** Soon enough for whoever waits at a prompt. */
const ORDERS_EVERY_MS = 200;

/** How often the history is looked through for what is older than it is kept. */
const FORGET_EVERY_MS = 3_600_000;

/** How long a job that is being created may take to be known, at a graceful stop. */
const DRAIN_MS = 15_000;

export interface SupervisorDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly hosts: readonly Host[];
  readonly results: string;
  readonly limitMs: number;
  /** How long the journal of a case stays after it ended. */
  readonly keepJournalMs: number;
  /** `isDeleted`: whether a case folder that is not there was deleted, and its disk is not merely unmounted. */
  readonly intake: OrderedIntake & {
    readonly isDeleted: (row: Pick<CaseRow, 'path' | 'createdAt'>) => Promise<boolean>;
  };
  readonly log: Log;
  readonly troubles: Troubles;
  readonly failPoint: FailPoint;
  /** At the end of each round of orders while everything else goes on too: a sign of life. The next round waits for it. */
  readonly tick?: () => Promise<void>;
  /** How soon an order that the CLI recorded is handled, milliseconds; 200 unless given. */
  readonly ordersEveryMs?: number;
}

export interface Supervisor {
  /** Rehydrates, then begins. */
  start(): void;
  /** For the intake: makes a folder a case, in one transaction with what `also` writes. */
  admit(found: FoundCase, also: (tx: Tx, caseId: string) => void): string;
  onChange(listener: (change: CaseChange) => void): void;
  /** Graceful: no new work, submissions end, the rest is aborted and resumes at the next start. */
  stop(): Promise<void>;
}

export function createSupervisor(deps: SupervisorDeps, identity: Identity): Supervisor {
  const { store, clock, log, troubles, failPoint } = deps;
  const live = createLiveCases();
  const running = createRunningTime(store, () => clock.monotonic());
  const dispatching = createDispatching({ store, clock, failPoint });
  const { dispatch } = dispatching;
  const byName = new Map(deps.hosts.map((host) => [host.name, host]));

  const watches: ReadonlyMap<string, HostWatch> = new Map(
    deps.hosts.map((host) => [
      host.name,
      createHostWatch({
        host,
        store,
        live,
        dispatch,
        announce: (change) => dispatching.announce(change),
        clock,
        running,
        log,
        troubles,
        configured: [...byName.keys()],
        onReady: () => {
          runner.syncHost(host.name);
          dispatcher.kick();
        },
      }),
    ]),
  );

  const runner = createRunner({
    live,
    hosts: byName,
    isOnline: (host) => watches.get(host)?.isOnline() === true,
    onBlind: (host, blind) => watches.get(host)?.lost(blind),
    dispatch,
    store,
    clock,
    failPoint,
    troubles,
    results: deps.results,
    onProgress: createProgress(store, clock),
    isDeleted: (row) => deps.intake.isDeleted(row),
  });

  const barrier = createBarrier(store, watches);

  const dispatcher = createDispatcher({
    hosts: byName,
    isOnline: (host) => watches.get(host)?.isOnline() === true,
    isReconciled: (host) => barrier.isLifted(host),
    instance: identity.instance,
    live,
    store,
    dispatch,
    clock,
    onTrouble: (error) => troubles.note({ kind: 'daemon' }, 'assigning', error),
  });

  const orders = createOrders({
    store,
    clock,
    dispatching,
    intake: deps.intake,
    hosts: {
      names: [...byName.keys()],
      host: (name) => byName.get(name) ?? null,
      isOnline: (name) => watches.get(name)?.isOnline() === true,
      isAwaited: (name) => watches.get(name)?.wasTried() === false,
      reconcile: (name) => watches.get(name)?.reconcile(),
      retry: (name) => watches.get(name)?.retry(),
    },
    troubles,
    log,
    onReady: () => dispatcher.kick(),
    onMore: () => pulse.ask(),
  });

  const pulse = createPulse({
    clock,
    ordersEveryMs: deps.ordersEveryMs ?? ORDERS_EVERY_MS,
    takeUpOrders: () => orders.takeUp(),
    sync() {
      for (const row of live.all()) runner.sync(row.id);
      dispatcher.kick();
    },
    beat: deps.tick ?? null,
  });

  const forgetting = new AbortController();
  const forgetSweep = createSweep(clock, FORGET_EVERY_MS, async () => {
    try {
      await forgetHistory({ store, clock, keepMs: deps.keepJournalMs, signal: forgetting.signal });
      troubles.over({ kind: 'daemon' }, 'history');
    } catch (error) {
      troubles.note({ kind: 'daemon' }, 'history', error);
    }
  });

  dispatching.onChange((change) => {
    const held = live.get(change.row.id);
    live.note(change.row);
    report(log, change);
    runner.sync(change.row.id);
    // what it has staged is in the way of others
    if (change.to === 'failed' && (change.from === 'staging' || change.from === 'staged')) {
      if (held?.host != null) watches.get(held.host)?.reconcile();
    }
    if (held?.entry !== change.row.entry || held.paused !== change.row.paused) dispatcher.kick();
  });

  const syncConfiguration = (): void =>
    store.write((tx) => {
      const at = clock.now();
      for (const known of readHosts(tx)) {
        if (byName.has(known.name)) continue;
        syncSlots(tx, known.name, [], at);
        removeHost(tx, known.name);
      }
      for (const host of deps.hosts) {
        resetHost(tx, host.name, at);
        syncSlots(tx, host.name, host.slots, at);
        forgetBusy(tx, host.name, [...host.gpus.keys()]);
      }
    });

  return {
    start() {
      syncConfiguration();
      rehydrate({ store, live, dispatch, clock, log });
      for (const watch of watches.values()) watch.start();
      pulse.start();
      forgetSweep.ask();
    },
    admit(found, also) {
      const id = caseIdOf(identity, found.path);
      const change = store.write((tx) => {
        const admitted = admitCase(tx, id, found, deps.limitMs, clock.now());
        also(tx, id);
        return admitted;
      });
      dispatching.announce(change);
      return id;
    },
    onChange: (listener) => dispatching.onChange(listener),
    async stop() {
      dispatcher.stop();
      forgetting.abort();
      await Promise.all([pulse.stop(), forgetSweep.stop()]);
      await orders.stop();
      await runner.drain(DRAIN_MS);
      await Promise.all([...watches.values()].map((watch) => watch.stop()));
    },
  };
}

/** One line a change of state; looks that only moved the clock are for `debug`. */
function report(log: Log, change: CaseChange): void {
  const { row, event, from, to } = change;
  const fields = {
    caseId: row.id,
    attempt: row.attempt,
    event: event.type,
    from,
    to,
    ...(row.host === null ? {} : { host: row.host }),
    ...(row.slot === null ? {} : { slot: row.slot }),
  };
  if (change.journalId === null) return log.debug(fields, `${row.name}: ${event.type}`);
  if (to === 'failed' && row.failure !== null) {
    return log.warn({ ...fields, failure: row.failure.kind }, `${row.name}: ${from} → failed: ${row.failure.message}`);
  }
  if (from === to && row.blocked !== null) return log.warn(fields, `${row.name}: ${to} is blocked: ${row.blocked}`);
  log.info(fields, from === to ? `${row.name}: ${event.type} (${to})` : `${row.name}: ${from ?? 'new'} → ${to}`);
}
