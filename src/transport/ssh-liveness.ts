import type { Duplex } from 'node:stream';

import type { Clock } from '../domain/clock.ts';

/** Silent intervals after which a peer is dead; OpenSSH's ServerAliveCountMax and ssh2's default. */
const SILENT_INTERVALS = 3;

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
  let lastHeardMs = clock.monotonic();
  const heard = (): void => {
    lastHeardMs = clock.monotonic();
  };
  // ssh2 reads the stream in the same way; a second listener takes nothing from it
  stream.on('data', heard);
  const limitMs = intervalMs * (SILENT_INTERVALS + 1);
  let cancel: () => void;
  const wait = (delayMs: number): void => {
    cancel = clock.after(delayMs, () => {
      const leftMs = lastHeardMs + limitMs - clock.monotonic();
      if (leftMs > 0) wait(leftMs);
      else onDead(`nothing was heard from it for ${limitMs / 1000} s`);
    });
  };
  wait(limitMs);
  return () => {
    cancel();
    stream.off('data', heard);
  };
}
