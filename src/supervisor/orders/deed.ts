import type { Clock } from '../../domain/clock.ts';
import { formatDuration } from '../../domain/duration.ts';
import type { Store } from '../../store/database.ts';
import { beginOrder, noteOrderProgress } from '../../store/orders.ts';
import type { OrderProgress, OrderRow } from '../../store/orders.ts';
import { createDeadline } from '../work/deadline.ts';
import type { OrderBook } from './book.ts';

/** The least time between two writes of how far a deed is. */
const WRITE_EVERY_MS = 1_000;

/** Said first after this long without a step, then each time that it has doubled, or every five minutes. */
const STANDING_MS = 30_000;
const SAY_EVERY_MS = 300_000;

/** An order that is work: it goes on beside everything else, has a bound or says how far it is, and can be broken off. */
export interface Deed {
  /** Aborts when the daemon stops, or when somebody calls the order off: the deed then ends at once and closes nothing. */
  readonly signal: AbortSignal;
  /** How far it is; written now and then, and never the end of the deed. The first call says that it has begun. */
  progress(now: OrderProgress): void;
  /** Work that ends by itself after `ms` at the latest. */
  within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** `closed`: done or refused. Else the order stays open, and is taken up again after this time at the earliest. */
export type DeedOutcome = 'closed' | { readonly againAfterMs: number };

/** Nobody can say more now; a moment later somebody may. */
export const SOON: DeedOutcome = { againAfterMs: 0 };

export function refused(book: OrderBook, row: OrderRow, message: string): DeedOutcome {
  book.refuse(row, message);
  return 'closed';
}

export interface RunningDeed extends Deed {
  abort(): void;
  /** It is over: nothing more is written of it. */
  clear(): void;
}

export function createDeed(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly row: OrderRow;
  /** It has stood for so long. */
  readonly onStanding: (progress: OrderProgress) => void;
  readonly onTrouble: (error: unknown) => void;
}): RunningDeed {
  const { store, clock, row } = deps;
  const controller = new AbortController();
  let written: { readonly atMs: number; readonly doing: string } | null = null;
  let last: OrderProgress | null = null;
  let movedAtMs = clock.monotonic();
  let cancelWatch: (() => void) | null = null;
  let isOver = false;

  const write = (now: OrderProgress): void => {
    const hasBegun = written !== null;
    written = { atMs: clock.monotonic(), doing: now.doing };
    try {
      store.write((tx) => (hasBegun ? noteOrderProgress(tx, row.id, now) : beginOrder(tx, row.id, now, clock.now())));
    } catch (error) {
      // it is for people: the work goes on
      deps.onTrouble(error);
    }
  };

  const watch = (sayAfterMs: number): void => {
    cancelWatch = clock.after(sayAfterMs - (clock.monotonic() - movedAtMs), () => {
      const stoodMs = clock.monotonic() - movedAtMs;
      // it has moved since
      if (last === null || stoodMs < STANDING_MS) return watch(STANDING_MS);
      const standing = { ...last, doing: `${last.doing} (nothing has moved for ${formatDuration(stoodMs)})` };
      write(standing);
      deps.onStanding(standing);
      watch(stoodMs + Math.min(stoodMs, SAY_EVERY_MS));
    });
  };

  return {
    signal: controller.signal,
    progress(now) {
      if (isOver || controller.signal.aborted) return;
      const nowMs = clock.monotonic();
      const isDue = written === null || written.doing !== now.doing || nowMs - written.atMs >= WRITE_EVERY_MS;
      last = now;
      movedAtMs = nowMs;
      if (isDue) write(now);
      if (cancelWatch === null) watch(STANDING_MS);
    },
    async within(ms, work) {
      const deadline = createDeadline(clock, ms, controller.signal);
      try {
        return await work(deadline.signal);
      } finally {
        deadline.clear();
      }
    },
    abort() {
      cancelWatch?.();
      controller.abort();
    },
    clear() {
      isOver = true;
      cancelWatch?.();
    },
  };
}
