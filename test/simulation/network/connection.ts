import type { BlindCause } from '../../../src/domain/observation.ts';
import type { Command, SimHost } from '../host/sim-host.ts';
import type { Incarnation } from '../incarnation.ts';
import type { CutKind, Wire } from './wire.ts';

/** The three outcomes of a remote command, and the problem that it may name itself. */
export type Reply<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'problem'; readonly cause: BlindCause; readonly reason: string }
  | { readonly kind: 'garbled' }
  | { readonly kind: 'unknown'; readonly sent: boolean; readonly reason: string };

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** How long a dead connection goes unnoticed when nothing ends it: keepalives, ms. */
const KEEPALIVE_MS = 45_000;

/** How long one try to connect may take. */
const CONNECT_TIMEOUT_MS = 60_000;

/** One daemon's connection to one host: it dies with either. */
export class Connection {
  readonly #incarnation: Incarnation;
  readonly #host: SimHost;
  readonly #wire: Wire;
  #open = false;
  #born = 0;
  #pending = new Set<(reason: string) => void>();
  readonly #listeners: ((reason: string) => void)[] = [];

  constructor(incarnation: Incarnation, host: SimHost, wire: Wire) {
    this.#incarnation = incarnation;
    this.#host = host;
    this.#wire = wire;
    const end = (kind: CutKind): void => this.#die(kind);
    wire.onDeath.add(end);
    incarnation.onDeath(() => wire.onDeath.delete(end));
  }

  connect(
    signal: AbortSignal,
  ): Promise<{ readonly kind: 'connected' } | { readonly kind: 'failed'; readonly reason: string }> {
    const { promise, answer, answered } = this.#answering<Awaited<ReturnType<Connection['connect']>>>();
    const fail = (reason: string): void => answer({ kind: 'failed', reason });
    void answered.then(onAbort(signal, () => fail('aborted')));
    this.#incarnation.later(CONNECT_TIMEOUT_MS, () => fail('no answer'));
    this.#wire.carryRequest(() => {
      if (!this.#host.powered) return;
      this.#wire.carryAnswer(() => {
        if (!this.#incarnation.alive) return;
        this.#open = true;
        this.#born += 1;
        answer({ kind: 'connected' });
      });
    });
    if (this.#wire.cut === 'reset' || !this.#host.powered)
      this.#incarnation.later(20, () => fail('connection refused'));
    return promise;
  }

  onLost(listener: (reason: string) => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#open = false;
  }

  isWorking(): boolean {
    return this.#open && this.#wire.cut === null;
  }

  #die(kind: CutKind): void {
    const born = this.#born;
    const noticedInMs = kind === 'reset' ? this.#wire.random.between(0, 50) : KEEPALIVE_MS;
    this.#incarnation.later(noticedInMs, () => {
      // a black hole that closed in time was never noticed
      if (!this.#open || this.#born !== born) return;
      if (kind === 'black hole' && this.#wire.cut === null && this.#host.powered) return;
      this.#open = false;
      for (const end of this.#pending) end(kind);
      for (const listener of this.#listeners) listener(kind);
    });
  }

  request<T>(command: () => Command<T>, { timeoutMs, signal }: RequestOptions): Promise<Reply<T>> {
    const { promise, answer, answered } = this.#answering<Reply<T>>();
    if (signal.aborted || !this.#open) {
      this.#incarnation.later(1, () => answer({ kind: 'unknown', sent: false, reason: 'no connection' }));
      return promise;
    }
    const unknown = (reason: string): void => answer({ kind: 'unknown', sent: true, reason });
    this.#pending.add(unknown);
    const cancel = this.#incarnation.later(timeoutMs, () => unknown('no answer in time'));
    const forget = onAbort(signal, () => unknown('aborted'));
    void answered.then(() => {
      this.#pending.delete(unknown);
      cancel();
      forget();
    });
    const fate = this.#wire.drawFate();
    if (fate === 'request lost') return promise;
    this.#wire.carryRequest(() => {
      // a host without power hears nothing
      if (!this.#host.powered) return;
      this.#host.execute(command, (result) => {
        if (fate === 'answer lost') return;
        this.#wire.carryAnswer(() => answer(fate === 'answer garbled' ? { kind: 'garbled' } : result));
      });
    });
    return promise;
  }

  /** A promise of this incarnation: it resolves once, and never after its death. */
  #answering<T>(): { promise: Promise<T>; answer: (value: T) => void; answered: Promise<void> } {
    let resolve: (value: T) => void = () => {};
    const promise = new Promise<T>((keep) => {
      resolve = keep;
    });
    return {
      promise,
      answer: (value) => this.#incarnation.later(0, () => resolve(value)),
      answered: promise.then(() => {}),
    };
  }
}

/** At once when it has aborted already. Returns what ends the waiting. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) act();
  else signal.addEventListener('abort', act, { once: true });
  return () => signal.removeEventListener('abort', act);
}
