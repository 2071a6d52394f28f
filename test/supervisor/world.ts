import { onTestFinished } from 'vitest';

import type { Store } from '../../src/store/database.ts';
import { openStore } from '../../src/store/open.ts';
import { noFailPoints } from '../../src/supervisor/fail-point.ts';
import { establishIdentity } from '../../src/supervisor/identity.ts';
import type { OrderedIntake } from '../../src/supervisor/orders/orders.ts';
import { createSupervisor } from '../../src/supervisor/supervisor.ts';
import { createTroubles } from '../../src/supervisor/troubles.ts';
import type { Supervisor } from '../../src/supervisor/supervisor.ts';
import { FakeHost } from './fake-host.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface World {
  readonly clock: VirtualClock;
  readonly host: FakeHost;
  readonly store: Store;
  readonly supervisor: Supervisor;
  /** Makes a case of that name, and returns its id. */
  readonly admit: (name: string) => string;
}

/** The real supervisor over a database in memory, a virtual clock and a host that answers as a test says. */
export function createWorld(options: {
  readonly observeEveryMs: number;
  readonly limitMs: number;
  readonly coarseMs?: number;
  readonly slots?: readonly string[];
  readonly store?: Store;
  /** False: no slot says which GPU it is. */
  readonly compared?: boolean;
  readonly intake?: Partial<OrderedIntake>;
  /** At each beat of the pulse. */
  readonly tick?: () => Promise<void>;
}): World {
  const clock = new VirtualClock(options.coarseMs);
  const host = new FakeHost({
    observeEveryMs: options.observeEveryMs,
    slots: options.slots ?? ['gpu'],
    compared: options.compared ?? true,
  });
  const store = options.store ?? openStore(':memory:');
  const say = (): void => {};
  const supervisor = createSupervisor(
    {
      store,
      clock,
      hosts: [host.host],
      results: '/results',
      limitMs: options.limitMs,
      keepJournalMs: 90 * 86_400_000,
      intake: {
        inspect: () => Promise.resolve({ kind: 'rejected', reason: 'there is no folder' }),
        admit: () => Promise.resolve({ admitted: 0, message: 'nothing is held back' }),
        isDeleted: () => Promise.resolve(false),
        ...options.intake,
      },
      ...(options.tick === undefined ? {} : { tick: options.tick }),
      troubles: createTroubles({ store, clock, log: { debug: say, info: say, warn: say, error: say } }),
      log: { debug: say, info: say, warn: say, error: say },
      failPoint: noFailPoints,
    },
    establishIdentity(store, clock),
  );
  onTestFinished(async () => {
    const stopped = supervisor.stop();
    await clock.pass(60_000);
    await stopped;
    store.close();
  });
  return {
    clock,
    host,
    store,
    supervisor,
    admit: (name) =>
      supervisor.admit({ path: `/cases/${name}`, name, fingerprint: 'f'.repeat(64), files: 1, sizeBytes: 1 }, () => {}),
  };
}
