import { hostname } from 'node:os';

import type { Config } from '../../config/config.ts';
import type { Clock } from '../../domain/clock.ts';
import { DAEMON } from '../../domain/trouble.ts';
import type { Troubles } from '../../domain/trouble.ts';
import type { Store } from '../../store/database.ts';
import { removeMeta } from '../../store/meta.ts';
import type { FailPoint } from '../../supervisor/fail-point.ts';
import type { Log } from '../../supervisor/log.ts';
import { createSweep } from '../../supervisor/host/sweeps/sweep.ts';
import { createDeliverer } from './deliverer.ts';
import { measureDisks } from './disks.ts';
import { createRecorder } from './recorder.ts';
import { createSink } from './create-sink.ts';

/** How soon something is recorded, and how soon a message is tried that has become due. */
const RECORD_EVERY_MS = 2_000;
const DELIVER_EVERY_MS = 1_000;
/** What is being said at a graceful stop may be said to its end. */
const LAST_WORDS_MS = 2_000;

export interface Notifier {
  stop(): Promise<void>;
}

/** Tells sinks what a person should know. It only reads what the supervisor commits, and holds nothing of it up. */
export function startNotifier(deps: {
  readonly config: Config;
  readonly instance: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly troubles: Troubles;
  readonly failPoint: FailPoint;
}): Notifier {
  const { config, instance, store, clock, log, troubles, failPoint } = deps;
  const { notify } = config;
  const stopping = new AbortController();
  const recorder = createRecorder({ store, clock, notify, instance, measureDisks: () => measureDisks(config) });
  recorder.begin();
  if (notify.sinks.length === 0) {
    // whoever is named later hears of what happens from then on
    store.write((tx) => removeMeta(tx, 'told_journal'));
    return { stop: () => Promise.resolve() };
  }

  const sender = { instance, machine: hostname() };
  const guarded = (run: () => Promise<void>) => async (): Promise<void> => {
    try {
      await run();
      troubles.over(DAEMON, 'notifications');
    } catch (error) {
      // a full disk: nothing is lost, it is tried again
      troubles.note(DAEMON, 'notifications', error);
    }
  };
  const deliveries = notify.sinks.map((sink) => {
    const deliverer = createDeliverer({
      sink: createSink(sink, clock),
      store,
      clock,
      sender,
      giveUpMs: notify.giveUpMs,
      log,
      troubles,
      failPoint,
    });
    const run = guarded(() => deliverer.runOnce(stopping.signal));
    return createSweep(clock, DELIVER_EVERY_MS, run);
  });
  const recording = createSweep(
    clock,
    RECORD_EVERY_MS,
    guarded(async () => {
      if (!(await recorder.runOnce())) return;
      for (const sweep of deliveries) sweep.ask();
    }),
  );
  for (const sweep of [recording, ...deliveries]) sweep.ask();

  return {
    async stop() {
      const cancel = clock.after(LAST_WORDS_MS, () => stopping.abort());
      await Promise.all([recording, ...deliveries].map((sweep) => sweep.stop()));
      cancel();
    },
  };
}
