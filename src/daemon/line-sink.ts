import { writeSync } from 'node:fs';

/** How long a line waits for a reader that is slow, milliseconds in all, before it is dropped. */
const PATIENCE_MS = 50;
const NAP_MS = 5;

export interface LineSink {
  write(line: string): void;
  /** Lines that nobody read, since the last one that somebody did. */
  dropped(): number;
}

/**
 * Writes whole lines to a file descriptor, at once: what was written outlives a SIGKILL. A pipe or socket that is full, or
 * whose reader is gone, costs the line and not the daemon: it is dropped and counted, and the count is a line of its own as
 * soon as one is taken again. A line that was cut is finished first, so that no two run together.
 *
 * `fd` is in non-blocking mode: node puts a pipe or a socket into it when `process.stdout` is first looked at.
 * `toLine` words the line that tells how many were dropped.
 */
export function createLineSink(fd: number, toLine: (dropped: number) => string): LineSink {
  let dropped = 0;
  /** The end of a line whose beginning was taken. */
  let rest = Buffer.alloc(0);

  /** How much was taken; less than all: it would have to wait. */
  const put = (bytes: Buffer, patienceMs: number): number => {
    let taken = 0;
    let waitedMs = 0;
    while (taken < bytes.length) {
      try {
        taken += writeSync(fd, bytes, taken);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : '';
        // its reader is gone, or its disk is full: the daemon goes on without a log
        if (code !== 'EAGAIN' && code !== 'EINTR') return taken;
        if (waitedMs >= patienceMs) return taken;
        Atomics.wait(NAPPING, 0, 0, NAP_MS);
        waitedMs += NAP_MS;
      }
    }
    return taken;
  };

  const send = (line: string, patienceMs: number): boolean => {
    const bytes = Buffer.concat([rest, Buffer.from(line)]);
    const owed = rest.length;
    const taken = put(bytes, patienceMs);
    // nothing of the new line was taken: only the old one is still owed
    if (taken <= owed) {
      rest = bytes.subarray(taken, owed);
      return false;
    }
    rest = bytes.subarray(taken);
    return true;
  };

  return {
    write(line) {
      if (dropped > 0) {
        if (!send(toLine(dropped), 0)) {
          dropped += 1;
          return;
        }
        dropped = 0;
      }
      if (!send(line, PATIENCE_MS)) dropped += 1;
    },
    dropped: () => dropped,
  };
}

const NAPPING = new Int32Array(new SharedArrayBuffer(4));
