import type { Clock } from '../domain/clock.ts';
import type { Lifecycle } from './create-transport.ts';
import { openConnection, prepareTicket } from './ssh-connection.ts';
import type { SshConnection, Ticket } from './ssh-connection.ts';
import { NO_NATIVE_CRYPTO, hasNativeCrypto } from './ssh-crypto.ts';
import { passphraseOf } from './ssh-keys.ts';
import { SshLane } from './ssh-lane.ts';
import type { SshEnvironment, SshOptions } from './ssh-options.ts';
import { explainUnsupported, resolveRoute } from './ssh-route.ts';
import { probe } from './ssh-probe.ts';
import { sshWords } from './ssh-words.ts';
import type { RemoteProcess } from './transport.ts';

type Connected = Awaited<ReturnType<Lifecycle['connect']>>;

/** An attempt to connect that several callers may wait for. */
interface Flight {
  readonly outcome: Promise<Connected>;
  readonly controller: AbortController;
  passengers: number;
}

/**
 * The link to one host: a connection for control, which `connect` makes, and one for bulk, which is made when something
 * wants it. Nothing here connects again by itself: whoever is told of the loss decides when.
 */
export class SshLink implements Lifecycle {
  readonly #options: SshOptions;
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  readonly #lanes: Readonly<Record<'control' | 'bulk', SshLane>>;
  readonly #listeners: ((reason: string) => void)[] = [];
  readonly #closing = new AbortController();
  #primary: SshConnection | null = null;
  #ticket: Ticket | null = null;
  #flight: Flight | null = null;
  #lastReason = 'connect was not called';
  /** Attempts that were given up, and did not end. */
  #hanging = 0;

  constructor(options: SshOptions, { clock, onWarning }: SshEnvironment) {
    this.#options = options;
    this.#clock = clock;
    const warned = new Set<string>();
    this.#warn = (message) => {
      if (!warned.has(message)) onWarning?.(message);
      warned.add(message);
    };
    const lane = (): SshLane =>
      new SshLane({
        clock,
        maxSessions: options.maxSessions,
        open: () => this.#openAnother(),
        warn: this.#warn,
      });
    this.#lanes = { control: lane(), bulk: lane() };
  }

  /** A `Spawn`; a command whose `signal` has aborted before its turn is not sent. */
  readonly spawn = (command: string, channel: 'control' | 'bulk', signal?: AbortSignal): Promise<RemoteProcess> => {
    const lane = this.#lanes[channel];
    const isUsable = !lane.isEmpty || (channel === 'bulk' && this.#primary !== null);
    if (!isUsable || this.#closing.signal.aborted) {
      return Promise.reject(new Error(`not connected to ${this.#options.host}: ${this.#lastReason}`));
    }
    return lane.spawn(command, signal);
  };

  onLost(listener: (reason: string) => void): void {
    this.#listeners.push(listener);
  }

  /** One attempt at a time, however many ask for it; it is given up when all of them have aborted. */
  async connect(signal: AbortSignal): Promise<Connected> {
    if (this.#closing.signal.aborted) return failed(String(this.#closing.signal.reason));
    if (signal.aborted) return failed(ABORTED);
    if (this.#primary !== null) return { kind: 'connected' };
    // each attempt would take one more of the few threads that this process has for files
    if (this.#hanging > 0) return failed(this.#lastReason);
    const flight = (this.#flight ??= this.#takeOff());
    flight.passengers++;
    let leave!: () => void;
    const left = new Promise<Connected>((resolve) => {
      leave = (): void => {
        resolve(failed(ABORTED));
        if (--flight.passengers > 0) return;
        // whoever asks from now on gets an attempt of their own
        if (this.#flight === flight) this.#flight = null;
        flight.controller.abort(ABORTED);
      };
    });
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([flight.outcome, left]);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  async close(): Promise<void> {
    const reason = 'the transport was closed';
    this.#lastReason = reason;
    this.#closing.abort(reason);
    for (const lane of Object.values(this.#lanes)) lane.close(reason);
    await this.#flight?.outcome;
  }

  #takeOff(): Flight {
    const controller = new AbortController();
    const flight: Flight = { controller, passengers: 0, outcome: this.#land(controller.signal, () => flight) };
    return flight;
  }

  async #land(signal: AbortSignal, flight: () => Flight): Promise<Connected> {
    const outcome = await this.#withinTime(signal, (inTime) => this.#connectControl(inTime)).catch((error: unknown) =>
      failed(messageOf(error)),
    );
    if (this.#flight === flight()) this.#flight = null;
    if (outcome.kind === 'failed') this.#lastReason = outcome.reason;
    return outcome;
  }

  async #connectControl(signal: AbortSignal): Promise<Connected> {
    if (!hasNativeCrypto()) this.#warn(NO_NATIVE_CRYPTO);
    const resolved = await resolveRoute(this.#options, signal);
    if (resolved.kind === 'failed') return resolved;
    const ticket = await prepareTicket(resolved.route, await passphraseOf(this.#options), this.#clock);
    const unsupported = [...resolved.route.unsupported, ...ticket.credentials.flatMap((login) => login.unsupported)];
    for (const one of unsupported) this.#warn(explainUnsupported(one));
    const connection = await this.#open(ticket, signal);
    const reason = (await probe(connection, signal)) ?? (signal.aborted ? String(signal.reason) : null);
    if (reason !== null) {
      connection.close(reason);
      return failed(reason);
    }
    this.#ticket = ticket;
    this.#adopt(connection);
    return { kind: 'connected' };
  }

  #adopt(connection: SshConnection): void {
    this.#primary = connection;
    this.#lanes.control.add(connection);
    void connection.lost.then((reason) => this.#noteLost(reason));
  }

  #noteLost(reason: string): void {
    this.#primary = null;
    if (this.#closing.signal.aborted) return;
    this.#lastReason = reason;
    for (const listener of this.#listeners) listener(reason);
  }

  /** The bulk connection, or a spare one. The keys and the way are those of the last `connect`. */
  #openAnother(): Promise<SshConnection> {
    const ticket = this.#ticket;
    if (ticket === null || this.#primary === null)
      return Promise.reject(new Error(`not connected: ${this.#lastReason}`));
    return this.#withinTime(this.#closing.signal, (signal) => this.#open(ticket, signal));
  }

  #open(ticket: Ticket, signal: AbortSignal): Promise<SshConnection> {
    return openConnection(ticket, { clock: this.#clock, keepaliveMs: this.#options.keepaliveMs, signal });
  }

  async #withinTime<T>(outer: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { connectTimeoutMs } = this.#options;
    const late = new AbortController();
    const cancel = this.#clock.after(connectTimeoutMs, () =>
      late.abort(`no connection within ${connectTimeoutMs / 1000} s`),
    );
    const signal = AbortSignal.any([outer, late.signal, this.#closing.signal]);
    try {
      return await this.#unlessItHangs(work(signal), signal);
    } finally {
      cancel();
    }
  }

  /** `working` ends when `signal` says so, and says how far it came; unless it reads a file, which cannot be called off. */
  #unlessItHangs<T>(working: Promise<T>, signal: AbortSignal): Promise<T> {
    let forget = (): void => {};
    const hung = new Promise<never>((_, reject) => {
      const giveUp = (): void => {
        this.#hanging++;
        const over = (): number => this.#hanging--;
        void working.then(over, over);
        reject(new Error(`${String(signal.reason)} (${HANGS}. Try: ${sshWords(this.#options)} true)`));
      };
      const expectEnd = (): void => {
        forget = this.#clock.after(ENDING_GRACE_MS, giveUp);
      };
      forget = (): void => signal.removeEventListener('abort', expectEnd);
      if (signal.aborted) expectEnd();
      else signal.addEventListener('abort', expectEnd, { once: true });
    });
    return Promise.race([working, hung]).finally(() => forget());
  }
}

/** An attempt that was told to end does so at once: this is for a busy machine. */
const ENDING_GRACE_MS = 1_000;
const HANGS =
  'a file of the login cannot be read, on a file server that does not answer?: the ssh config, known_hosts, a key';

const ABORTED = 'aborted';

function failed(reason: string): Connected {
  return { kind: 'failed', reason };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
