import type { Clock } from '../../domain/clock.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  /** What it was for is over: gives the timer back. */
  clear(): void;
}

/** Aborts after `afterMs`, or when `parent` does. On our own clock: `AbortSignal.timeout` knows only real time. */
export function createDeadline(clock: Clock, afterMs: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const cancel = clock.after(afterMs, abort);
  if (parent?.aborted === true) abort();
  else parent?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    clear() {
      cancel();
      parent?.removeEventListener('abort', abort);
    },
  };
}
