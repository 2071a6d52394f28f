import type { Clock } from '../../../domain/clock.ts';

/** One sweep at a time, now and then, and at once when asked: an ask during a run makes one more run after it. */
export interface Sweep {
  ask(): void;
  stop(): Promise<void>;
}

export function createSweep(clock: Clock, everyMs: number, runOnce: () => Promise<void>): Sweep {
  let stopped = false;
  let asked = false;
  let running: Promise<void> | null = null;
  let cancel: (() => void) | null = null;

  const run = async (): Promise<void> => {
    asked = false;
    await runOnce();
    running = null;
    if (stopped) return;
    if (asked) ask();
    else cancel = clock.after(everyMs, ask);
  };

  const ask = (): void => {
    if (stopped) return;
    asked = true;
    cancel?.();
    running ??= run();
  };

  return {
    ask,
    async stop() {
      stopped = true;
      cancel?.();
      await running;
    },
  };
}
