import { closeSync, openSync, readSync } from 'node:fs';

import type { Clock } from '../domain/clock.ts';
import type { Screen } from './screen.ts';

const CHUNK_BYTES = 65_536;
const POLL_MS = 250;

/** A log may be larger than memory: it is read in pieces. */
export function copyFile(path: string, screen: Screen): void {
  const fd = openSync(path, 'r');
  try {
    drain(fd, screen);
  } finally {
    closeSync(fd);
  }
}

/** Prints what was appended since; the descriptor remembers where that was. */
function drain(fd: number, screen: Screen): void {
  for (;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const length = readSync(fd, chunk);
    if (length === 0) return;
    screen.log(chunk.subarray(0, length));
  }
}

/** `tail -f` of a file that may not be there yet, until `poll` says that nothing more comes. */
export async function followFile(request: {
  readonly screen: Screen;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly poll: () => { readonly file: string | null; readonly isOver: boolean };
}): Promise<void> {
  const { screen, clock, signal, poll } = request;
  let fd: number | null = null;
  try {
    while (!signal.aborted) {
      // asked before the read: what the job wrote last is then read too
      const { file, isOver } = poll();
      fd ??= file === null ? null : tryOpen(file);
      if (fd !== null) drain(fd, screen);
      if (isOver) return;
      await clock.sleep(POLL_MS, signal);
    }
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

function tryOpen(file: string): number | null {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
