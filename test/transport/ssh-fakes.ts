import type { Clock } from '../../src/domain/clock.ts';
import type { ExecOutcome, SshConnection } from '../../src/transport/ssh-connection.ts';
import { lostProcess } from '../../src/transport/ssh-process.ts';

/** A connection whose host takes as many commands at a time as `sessions` says. */
export class FakeConnection implements SshConnection {
  sessions: number;
  readonly started: string[] = [];
  asked = 0;
  closed: string | null = null;
  readonly lost: Promise<string>;
  lose!: (reason: string) => void;
  readonly #ends = new Map<string, () => void>();

  constructor(sessions: number) {
    this.sessions = sessions;
    this.lost = new Promise((resolve) => (this.lose = resolve));
  }

  exec(command: string): Promise<ExecOutcome> {
    this.asked++;
    if (this.#ends.size >= this.sessions) return Promise.resolve({ kind: 'refused', reason: 'open failed' });
    this.started.push(command);
    const released = new Promise<void>((resolve) => this.#ends.set(command, resolve));
    return Promise.resolve({ kind: 'started', ...lostProcess('fake'), released });
  }

  end(command: string): void {
    this.#ends.get(command)?.();
    this.#ends.delete(command);
  }

  close(reason: string): void {
    this.closed = reason;
    this.lose(reason);
  }
}

/** Time that moves only when it is told to. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly fire: () => void }[] = [];

  now = (): number => this.#nowMs;
  monotonic = (): number => this.#nowMs;
  random = (): number => 0.5;
  randomId = (length: number): string => 'a'.repeat(length);
  sleep = (delayMs: number): Promise<void> => new Promise((resolve) => void this.after(delayMs, resolve));

  after(delayMs: number, fire: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  async pass(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    for (;;) {
      await drained();
      const next = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowMs = next.atMs;
      next.fire();
    }
    this.#nowMs = untilMs;
  }
}

/** All promises that are ready have been followed. */
export function drained(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
