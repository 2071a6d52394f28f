/** What was asked for is not known: the signal aborted before. */
export interface Aborted {
  readonly kind: 'stopped';
}

/**
 * One reader at a time. A read of a file server that does not answer cannot be called off: whoever asked for it goes when
 * the signal aborts, and the turn is free again when the read comes back. So it keeps one of the four threads that the
 * process has for files, and never a second one.
 */
export interface Turn {
  /** `onWait`: another reader is still there. */
  take<T>(signal: AbortSignal, work: () => Promise<T>, onWait?: () => void): Promise<T | Aborted>;
}

export function createTurn(): Turn {
  let reading: Promise<void> | null = null;
  return {
    async take(signal, work, onWait = () => {}) {
      if (reading !== null) onWait();
      for (let before = reading; before !== null; before = reading) {
        if (await orAborted(before, signal)) return { kind: 'stopped' };
      }
      if (signal.aborted) return { kind: 'stopped' };
      const task = work();
      const over = (): void => void (reading = null);
      reading = task.then(over, over);
      return (await orAborted(task, signal)) ? { kind: 'stopped' } : task;
    },
  };
}

/** True: the signal aborted first. */
async function orAborted(work: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  let stop = (): void => {};
  const aborted = new Promise<boolean>((resolve) => {
    stop = () => resolve(true);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  const done = work.then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([done, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
