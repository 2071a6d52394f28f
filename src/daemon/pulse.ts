import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What the daemon lays down for other threads; Float64, in one SharedArrayBuffer. */
const BEAT_AT = 0;
const BEATS = 1;
const LAG_MS = 2;

/** How long the worst delay of the event loop is remembered, before the next is measured. */
const LAG_WINDOW_MS = 10_000;
const LAG_RESOLUTION_MS = 50;

/** The supervisor's sign of life, readable from any thread of the process, also while the main one is stuck. */
export interface Pulse {
  readonly memory: SharedArrayBuffer;
  /** At the end of each tick of the supervisor. */
  beat(): void;
  stop(): void;
}

/** The other end of it. */
export interface PulseReader {
  /** Milliseconds since the supervisor last ticked; null: it has not yet. */
  ageMs(): number | null;
  /** How often it has ticked. */
  beats(): number;
  /** The longest that the event loop was held up in the last ten seconds or so. */
  lagMs(): number;
}

export function createPulse(): Pulse {
  const memory = new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT);
  const cells = new Float64Array(memory);
  const delays = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  delays.enable();
  let windowMs = processMs();
  return {
    memory,
    beat() {
      const now = processMs();
      cells[BEAT_AT] = now;
      cells[BEATS] = cells[BEATS]! + 1;
      if (now - windowMs < LAG_WINDOW_MS) return;
      windowMs = now;
      cells[LAG_MS] = Math.max(0, delays.max / 1e6 - LAG_RESOLUTION_MS);
      delays.reset();
    },
    stop: () => void delays.disable(),
  };
}

export function readPulse(memory: SharedArrayBuffer): PulseReader {
  const cells = new Float64Array(memory);
  return {
    ageMs: () => (cells[BEATS] === 0 ? null : processMs() - cells[BEAT_AT]!),
    beats: () => cells[BEATS]!,
    lagMs: () => cells[LAG_MS]!,
  };
}

/** Monotonic and the same in every thread; `performance.now()` begins anew in each. */
function processMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
