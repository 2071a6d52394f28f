import type { Duplex } from 'node:stream';

import type { Clock } from '../domain/clock.ts';

/** A peer is dead after four silent intervals: OpenSSH's ServerAliveCountMax, which is 3, and the one it is noticed in. */
const SILENT_INTERVALS = 4;
/** Checks an interval: they are counted, so that a pause of our own process (suspended, stopped) is not the peer's silence. */
const CHECKS_AN_INTERVAL = 2;

/**
 * Calls `onDead` when nothing was heard for four intervals (each of them with a ping, which ssh2 sends). Any byte is a
 * sign of life: an upload over a slow line puts up to 2 MiB before our ping, whose answer then comes a minute late,
 * while the peer says all the time that it takes more. ssh2's own count knows answers only and kills such uploads.
 */
export function watchLiveness(
  clock: Clock,
  intervalMs: number,
  stream: Duplex,
  onDead: (reason: string) => void,
): () => void {
  let silentChecks = 0;
  const heard = (): void => {
    silentChecks = 0;
  };
  // ssh2 reads the stream in the same way; a second listener takes nothing from it
  stream.on('data', heard);
  let cancel: () => void;
  const check = (): void => {
    cancel = clock.after(intervalMs / CHECKS_AN_INTERVAL, () => {
      silentChecks++;
      if (silentChecks < SILENT_INTERVALS * CHECKS_AN_INTERVAL) check();
      else onDead(`nothing was heard from it for ${(intervalMs * SILENT_INTERVALS) / 1000} s`);
    });
  };
  check();
  return () => {
    cancel();
    stream.off('data', heard);
  };
}
