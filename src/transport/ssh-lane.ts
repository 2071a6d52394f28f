import type { Clock } from '../domain/clock.ts';
import type { SshConnection } from './ssh-connection.ts';
import type { StartedProcess } from './ssh-process.ts';
import type { RemoteProcess } from './transport.ts';

/** Commands that wait for a channel; more means that whoever sends them does not wait for answers. */
const QUEUE_LIMIT = 1_000;
/**
 * A second connection, where the first one's channels are all taken and the host gives no more: with `MaxSessions 1` a
 * command that is followed for hours would otherwise keep all others waiting.
 */
const MOST_CONNECTIONS = 2;
/** Commands that were started without a refusal before one channel more is tried again. */
const PROBE_AFTER = 50;
/** Pauses while a host refuses the very first channel: commands that were abandoned still hold its sessions. */
const REFUSED_PAUSE_MS = { first: 100, longest: 5_000 } as const;
/** Longest time that a host may refuse every channel before those who wait are told. */
const REFUSED_LIMIT_MS = 60_000;
/** Between two attempts at the second connection: a host that limits logins must not be knocked at by every command. */
const GROW_PAUSE_MS = 30_000;

interface Member {
  readonly connection: SshConnection;
  /** Channels in use, or being opened. */
  taken: number;
  /** As many as the host was seen to give. */
  limit: number;
  startedSinceRefusal: number;
  /** Set while even its first channel is refused. */
  pause: { readonly ms: number; readonly sinceMs: number; readonly cancel: () => void } | null;
  /** It is asked again only when its pause is over. */
  asleep: boolean;
}

interface Waiting {
  readonly order: number;
  readonly command: string;
  readonly resolve: (process: RemoteProcess) => void;
  readonly reject: (error: Error) => void;
  readonly signal: AbortSignal | null;
}

export interface LaneOptions {
  readonly clock: Clock;
  /** Channels a connection, at most. */
  readonly maxSessions: number;
  /** Makes one more connection; rejects with an Error that says why not. */
  readonly open: () => Promise<SshConnection>;
  readonly warn: (message: string) => void;
}

/** Hands out the channels of the connections of one kind, in the order in which they were asked for. */
export class SshLane {
  readonly #options: LaneOptions;
  readonly #members = new Set<Member>();
  readonly #waiting: Waiting[] = [];
  /** Abandoned or not: each holds its channel until the host has ended it. */
  readonly #running = new Set<StartedProcess>();
  #opening = false;
  /** When the second connection may be tried again; monotonic milliseconds. */
  #mayGrowAtMs = 0;
  #asked = 0;
  #closedBecause: string | null = null;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Resolves with a started command; rejects when surely nothing was started. What `signal` has aborted by its turn is not. */
  spawn(command: string, signal?: AbortSignal): Promise<RemoteProcess> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= QUEUE_LIMIT) {
        return reject(new Error(`${QUEUE_LIMIT} commands wait for this host already`));
      }
      const waiting: Waiting = { order: this.#asked++, command, resolve, reject, signal: signal ?? null };
      this.#waiting.push(waiting);
      this.#pump();
    });
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Takes a connection that was made elsewhere. */
  add(connection: SshConnection): void {
    const member: Member = {
      connection,
      taken: 0,
      limit: this.#options.maxSessions,
      startedSinceRefusal: 0,
      pause: null,
      asleep: false,
    };
    this.#members.add(member);
    void connection.lost.then((reason) => this.#remove(member, reason));
    this.#pump();
  }

  #remove(member: Member, reason: string): void {
    this.#members.delete(member);
    member.pause?.cancel();
    if (this.isEmpty) this.#rejectAll(reason);
    else this.#pump();
  }

  close(reason: string): void {
    this.#closedBecause = reason;
    for (const { connection } of this.#members) connection.close(reason);
    this.#rejectAll(reason);
  }

  #pump(): void {
    while (this.#waiting.length > 0) {
      if (this.#waiting[0]!.signal?.aborted === true) {
        this.#waiting.shift()!.reject(new Error('aborted before a channel was free'));
        continue;
      }
      const member = [...this.#members].find(({ taken, limit, asleep }) => taken < limit && !asleep);
      if (member === undefined) break;
      void this.#start(member, this.#waiting.shift()!);
    }
    if (this.#waiting.length === 0) return;
    if (this.#wantsConnection()) void this.#grow();
    else this.#warnOfAbandoned();
  }

  #warnOfAbandoned(): void {
    const taken = [...this.#members].reduce((sum, member) => sum + member.taken, 0);
    const abandoned = [...this.#running].filter((started) => started.isAbandoned()).length;
    if (taken === 0 || abandoned < taken) return;
    this.#options.warn(
      'commands wait: all sessions of the host are held by commands that were given up but do not end',
    );
  }

  /** The first one, or one beside those whose host gives less than was hoped for. */
  #wantsConnection(): boolean {
    if (this.#opening || this.#members.size >= MOST_CONNECTIONS) return false;
    if (this.isEmpty) return true;
    if (this.#options.clock.monotonic() < this.#mayGrowAtMs) return false;
    return [...this.#members].every(({ limit }) => limit < this.#options.maxSessions);
  }

  async #grow(): Promise<void> {
    this.#opening = true;
    try {
      const connection = await this.#options.open();
      if (this.#closedBecause === null) this.add(connection);
      else connection.close(this.#closedBecause);
    } catch (error) {
      // a second connection is a convenience: those who wait can go on waiting for the first
      this.#mayGrowAtMs = this.#options.clock.monotonic() + GROW_PAUSE_MS;
      if (this.isEmpty) this.#rejectAll(error instanceof Error ? error.message : String(error));
    } finally {
      this.#opening = false;
    }
  }

  async #start(member: Member, waiting: Waiting): Promise<void> {
    member.taken++;
    const outcome = await member.connection.exec(waiting.command);
    switch (outcome.kind) {
      case 'started':
        this.#noteStarted(member);
        this.#running.add(outcome);
        waiting.resolve(outcome.process);
        await outcome.released;
        this.#running.delete(outcome);
        return this.#free(member);
      case 'unsent':
        waiting.reject(new Error(outcome.reason));
        return this.#free(member);
      case 'refused':
        this.#waitAgain(waiting);
        return this.#noteRefused(member, outcome.reason);
    }
  }

  #free(member: Member): void {
    member.taken--;
    this.#pump();
  }

  /** Nothing was sent of it: it keeps its turn. */
  #waitAgain(waiting: Waiting): void {
    const later = this.#waiting.findIndex(({ order }) => order > waiting.order);
    this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, waiting);
  }

  #noteStarted(member: Member): void {
    member.pause = null;
    if (++member.startedSinceRefusal < PROBE_AFTER) return;
    member.startedSinceRefusal = 0;
    member.limit = Math.min(member.limit + 1, this.#options.maxSessions);
  }

  /** A host frees its sessions late, and those of abandoned commands only when they end. */
  #noteRefused(member: Member, reason: string): void {
    member.taken--;
    member.startedSinceRefusal = 0;
    member.limit = Math.max(1, member.taken);
    // while it has a channel in use, that one's end is the moment to ask again
    if (member.taken === 0) this.#pause(member, reason);
    this.#pump();
  }

  #pause(member: Member, reason: string): void {
    const nowMs = this.#options.clock.monotonic();
    const sinceMs = member.pause?.sinceMs ?? nowMs;
    const ms = Math.min(REFUSED_PAUSE_MS.longest, (member.pause?.ms ?? REFUSED_PAUSE_MS.first / 2) * 2);
    const cancel = this.#options.clock.after(ms, () => {
      member.asleep = false;
      this.#pump();
    });
    member.asleep = true;
    member.pause = { ms, sinceMs, cancel };
    if (nowMs - sinceMs > REFUSED_LIMIT_MS && [...this.#members].every(({ pause }) => pause !== null)) {
      this.#rejectAll(`the host gives no session (MaxSessions?): ${reason}`);
    }
  }

  #rejectAll(reason: string): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(reason));
  }
}
