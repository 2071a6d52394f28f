import type { Hand } from '../witness.ts';

export type Role = 'outer' | 'inner' | 'payload' | 'child';

export interface SimProcess {
  readonly pid: number;
  readonly token: string;
  readonly role: Role;
  /** `HOST/SLOT` that it works on. */
  readonly slot: string;
  /** MQI_TOKEN is in the environment that it was started with. */
  readonly marked: boolean;
  /** The session that it belongs to. */
  readonly session: number;
  alive: boolean;
  /** By a signal, until another. */
  stopped: boolean;
  /** What it does about a TERM. */
  readonly onTerm: 'dies' | 'lives';
  /** For how long from the first signal on it cannot be killed (a driver that hangs), ms. */
  readonly unkillableMs: number;
  killableAtMs: number | null;
  readonly onDeath: (signal: string | null, by: Hand) => void;
}

/** The processes of one host that have to do with jobs. */
export class ProcessTable {
  #next = 100;
  #alive: SimProcess[] = [];

  spawn(
    process: Omit<SimProcess, 'pid' | 'alive' | 'stopped' | 'session' | 'killableAtMs'> & {
      readonly session: number | 'own';
    },
  ): SimProcess {
    this.#next += 1;
    const pid = this.#next;
    const spawned = {
      ...process,
      pid,
      alive: true,
      stopped: false,
      killableAtMs: null,
      session: process.session === 'own' ? pid : process.session,
    };
    this.#alive.push(spawned);
    return spawned;
  }

  /** All of a job are stopped, or go on. */
  stop(token: string, stopped: boolean): void {
    for (const process of this.#alive) if (process.token === token) process.stopped = stopped;
  }

  /** `signal` null: it ended by itself. */
  end(process: SimProcess, signal: string | null, by: Hand): void {
    if (!process.alive) return;
    process.alive = false;
    this.#alive = this.#alive.filter((other) => other !== process);
    process.onDeath(signal, by);
  }

  signal(process: SimProcess, signal: 'TERM' | 'KILL', by: Hand, nowMs: number): void {
    process.killableAtMs ??= nowMs + process.unkillableMs;
    if (signal === 'TERM' && process.onTerm === 'lives') return;
    if (nowMs >= process.killableAtMs) this.end(process, signal, by);
  }

  alive(): readonly SimProcess[] {
    return this.#alive;
  }

  /** What a scan finds: by the token in the environment, or by a session whose owner is known. */
  scan(sessions: ReadonlyMap<number, string>): ReadonlyMap<string, readonly SimProcess[]> {
    const found = new Map<string, SimProcess[]>();
    for (const process of this.#alive) {
      const token = process.marked ? process.token : sessions.get(process.session);
      if (token === undefined) continue;
      const list = found.get(token);
      if (list === undefined) found.set(token, [process]);
      else list.push(process);
    }
    return found;
  }

  /** The power is cut: nobody is told. */
  vanish(): readonly SimProcess[] {
    const gone = this.#alive;
    for (const process of gone) process.alive = false;
    this.#alive = [];
    return gone;
  }
}
