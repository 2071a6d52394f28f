/**
 * Time and chance, as a port. Everything that waits, counts or draws goes through it, so that a simulation can
 * drive the whole supervisor by a virtual clock and a seed.
 */
export interface Clock {
  /** Wall clock, milliseconds since 1970 (UTC). For people and records only: never subtracted for a limit. */
  now(): number;
  /** Monotonic milliseconds; only differences mean something. Untouched by NTP or an operator setting the date. */
  monotonic(): number;
  /** Calls `fire` once after `delayMs`, unless the returned function was called before. */
  after(delayMs: number, fire: () => void): () => void;
  /** Resolves after `delayMs`, or at once (and quietly) when `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** A number in [0, 1), for jitter. */
  random(): number;
  /** `length` characters out of a–z and 2–7 (5 bits each), unguessable in production. */
  randomId(length: number): string;
}
