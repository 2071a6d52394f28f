import type { Clock } from '../domain/clock.ts';
import { createSweep } from './host/sweeps/sweep.ts';

/** A last resort against a wake-up that was lost to a full disk: all work is level-triggered. */
const SYNC_EVERY_MS = 5_000;

/** No sign of life is given once the level-triggered work has not come by for this long. */
const SYNC_LATE_MS = 6 * SYNC_EVERY_MS;

export interface Pulse {
  start(): void;
  /** There are orders to take up before the next round is due. */
  ask(): void;
  stop(): Promise<void>;
}

/** The loop that beats. What it calls returns at once: it waits for no order, no host and no disk but the database's. */
export function createPulse(deps: {
  readonly clock: Clock;
  readonly ordersEveryMs: number;
  readonly takeUpOrders: () => void;
  readonly sync: () => void;
  /** At the end of each round of orders while the level-triggered work comes by too. The next round waits for it. */
  readonly beat: (() => Promise<void>) | null;
}): Pulse {
  const { clock } = deps;
  let syncedAtMs = clock.monotonic();

  const orders = createSweep(clock, deps.ordersEveryMs, async () => {
    deps.takeUpOrders();
    if (deps.beat !== null && clock.monotonic() - syncedAtMs < SYNC_LATE_MS) await deps.beat();
  });
  const sync = createSweep(clock, SYNC_EVERY_MS, () => {
    syncedAtMs = clock.monotonic();
    deps.sync();
    return Promise.resolve();
  });

  return {
    start() {
      orders.ask();
      sync.ask();
    },
    // a turn of the event loop lies between: of very many orders each round lets others go first
    ask: () => void clock.after(0, () => orders.ask()),
    async stop() {
      await Promise.all([orders.stop(), sync.stop()]);
    },
  };
}
