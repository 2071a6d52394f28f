import { mkdir } from 'node:fs/promises';

import type { Logger } from 'pino';

import type { Config } from '../config/config.ts';
import type { Clock } from '../domain/clock.ts';
import { DAEMON } from '../domain/trouble.ts';
import type { Troubles } from '../domain/trouble.ts';
import { createIntake } from '../intake/intake.ts';
import type { Intake } from '../intake/intake.ts';
import { lockDaemon } from '../store/lock.ts';
import { writeMeta } from '../store/meta.ts';
import { openStore } from '../store/open.ts';
import { StoreError } from '../store/store-error.ts';
import { establishIdentity } from '../supervisor/identity.ts';
import { createTroubles } from '../supervisor/troubles.ts';
import { createSupervisor } from '../supervisor/supervisor.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { systemClock } from './clock.ts';
import { failPointsFrom } from './fail-points.ts';
import { guardDatabase } from './database-guard.ts';
import { createHosts } from './hosts.ts';
import { createPulse, readPulse } from './pulse.ts';
import { createServiceManager, takeServiceEnvironment } from './service/service-manager.ts';
import { startInspector } from './inspector/inspector.ts';
import { startNotifier } from './notify/notifier.ts';
import { sweepResultsLeftovers } from './results-leftovers.ts';
import { startWeb } from './web/web.ts';

export interface DaemonOptions {
  /** Aborting it stops the daemon gracefully. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Lines of the log that nobody read, since the last one that somebody did. */
  readonly dropped: () => number;
  /** Where the inspector of live cases is served, 0 for any free port; null: nowhere. */
  readonly inspectorPort: number | null;
}

/**
 * The daemon, from the lock on its database to its release: resolves when it was stopped.
 * @throws StoreError when the database cannot be used, or another daemon works on it
 */
export async function runDaemon(config: Config, { signal, log, dropped, inspectorPort }: DaemonOptions): Promise<void> {
  const clock = systemClock;
  const environment = takeServiceEnvironment(process.env, process.pid);
  const lock = lockDaemon(config.database, clock.now());
  try {
    const store = openStore(config.database);
    try {
      const identity = establishIdentity(store, clock);
      store.write((tx) => writeMeta(tx, 'stopped_cleanly', 'no'));
      const troubles = createTroubles({ store, clock, log });
      const stopWatchingLog = watchLog(dropped, troubles, clock);
      const failPoint = failPointsFrom(process.env['MQI_FAILPOINTS']);

      const pulse = createPulse();
      const service = createServiceManager({ environment, pulse: readPulse(pulse.memory), clock, log });

      // The intake makes cases through the supervisor; the supervisor reads folders anew through the intake.
      const intake: Intake = createIntake({
        store,
        clock,
        watch: config.watch,
        admission: { admit: (found, also) => supervisor.admit(found, also) },
        log,
        troubles,
      });
      const hosts = createHosts(config, identity.instance, clock, log);
      const supervisor: Supervisor = createSupervisor(
        {
          store,
          clock,
          hosts,
          results: config.results,
          limitMs: config.job.limitMs,
          keepJournalMs: config.keep.journalMs,
          intake,
          log,
          troubles,
          failPoint,
          // a test holds the supervisor up here while everything else goes on
          tick: () => (failPoint('tick') === 'lost' ? new Promise(() => {}) : Promise.resolve(pulse.beat())),
        },
        identity,
      );
      log.info(
        {
          watch: config.watch.path,
          results: config.results,
          database: config.database,
          hosts: hosts.map((host) => host.name),
        },
        `watching ${config.watch.path}; results go to ${config.results}; database ${config.database}`,
      );
      const guard = guardDatabase(config.database, clock);
      supervisor.start();
      // a folder on a file server that does not answer holds up nothing else
      void prepareResults(config, troubles).then(() =>
        sweepResultsLeftovers(config.results, identity.instance, store, log),
      );
      const web = startWeb({ config, instance: identity.instance, store, hosts, pulse: pulse.memory, clock, log });
      const notifier = startNotifier({ config, instance: identity.instance, store, clock, log, troubles, failPoint });
      const inspector =
        inspectorPort === null ? null : startInspector({ database: config.database, port: inspectorPort, clock, log });
      void intake.start();
      service.ready(`watching ${config.watch.path}`);
      await aborted(AbortSignal.any([signal, guard.gone]));
      guard.stop();
      if (guard.gone.aborted) {
        log.error(
          { database: config.database },
          `${config.database} was removed or replaced: nothing more is submitted`,
        );
      }
      log.info({}, 'stopping: submissions under way end first, everything else is taken up again at the next start');
      await service.stopping();
      await web.stop();
      await inspector?.stop();
      await intake.stop();
      await supervisor.stop();
      await notifier.stop();
      pulse.stop();
      stopWatchingLog();
      if (guard.gone.aborted) {
        throw new StoreError(
          `${config.database} was removed or replaced while the daemon worked on it`,
          `put it back (or restore a backup) before the next mqi run: a new one knows nothing of the jobs that run`,
        );
      }
      store.write((tx) => writeMeta(tx, 'stopped_cleanly', 'yes'));
      log.info({}, 'stopped');
    } finally {
      store.close();
    }
  } finally {
    lock.release();
  }
}

/** A results folder that cannot be made holds up collecting, by name; it is no reason not to watch running jobs. */
async function prepareResults(config: Config, troubles: Troubles): Promise<void> {
  try {
    await mkdir(config.results, { recursive: true });
    troubles.over(DAEMON, 'results');
  } catch (error) {
    troubles.note(DAEMON, 'results', error);
  }
}

/** How often the log is asked whether somebody reads it. */
const LOG_EVERY_MS = 5_000;

function watchLog(dropped: () => number, troubles: Troubles, clock: Clock): () => void {
  let cancel = (): void => {};
  const check = (): void => {
    const lines = dropped();
    if (lines > 0) troubles.note(DAEMON, 'log', 'nobody reads what the daemon prints');
    else troubles.over(DAEMON, 'log');
    cancel = clock.after(LOG_EVERY_MS, check);
  };
  check();
  return () => cancel();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
