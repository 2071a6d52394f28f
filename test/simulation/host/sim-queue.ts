import type { Job, QueueResult, QueueState } from '../../../src/domain/job.ts';
import { JobRun } from './job-run.ts';
import { HostProblem } from './sim-host.ts';
import type { SimHost } from './sim-host.ts';

type EntryState = 'held' | 'queued' | 'running' | 'suspended' | 'ended';

/** A task of the queue; `saved` is what a crash of the queue's daemon would go back to. */
export interface Entry {
  readonly id: number;
  readonly token: string;
  readonly createdAt: string;
  readonly group: string;
  state: EntryState;
  saved: EntryState;
  result: QueueResult | null;
  run: JobRun | null;
}

/** How long pueue may take to save that it let a job go, or started it (PUEUE.md: 0.3 s), ms. */
const SAVE_MS = 300;

/** A queue after pueue's manners (PUEUE.md): ids are re-used, one job a group, and it forgets when it is killed. */
export class SimQueue {
  readonly #host: SimHost;
  #entries = new Map<number, Entry>();
  /** What a crash now would bring back. */
  readonly #unsavedRemovals = new Set<Entry>();
  #down = false;
  #ticking = false;
  #serial = 0;
  readonly paused = new Set<string>();

  constructor(host: SimHost) {
    this.#host = host;
  }

  /** @throws HostProblem when its daemon is down: nothing of it can be seen. */
  demand(): void {
    if (this.#down) throw new HostProblem('queue', `the queue of ${this.#host.name} is down`);
  }

  entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  find(token: string): Entry | null {
    return this.entries().findLast((entry) => entry.token === token) ?? null;
  }

  /** By its id where that is known, and then only if it is this token's: ids are re-used. */
  locate(token: string, job: Job | null): Entry | null {
    if (job?.id == null) return this.find(token);
    const entry = this.#entries.get(Number(job.id)) ?? null;
    return entry !== null && entry.token === token && entry.createdAt === job.createdAt ? entry : null;
  }

  add(token: string, group: string): Entry {
    this.#serial += 1;
    const entry: Entry = {
      // the highest existing one plus one
      id: Math.max(-1, ...this.#entries.keys()) + 1,
      token,
      createdAt: `t${this.#serial}`,
      group,
      state: 'held',
      saved: 'held',
      result: null,
      run: null,
    };
    this.#entries.set(entry.id, entry);
    return entry;
  }

  /** Lets a held job go; anything else stays as it is. */
  release(entry: Entry): void {
    if (entry.state !== 'held') return;
    this.#become(entry, 'queued');
    this.tick();
  }

  /** Takes out what has not started, or is over. */
  remove(entry: Entry): void {
    if (entry.state === 'running' || entry.state === 'suspended') return;
    if (this.#entries.get(entry.id) !== entry) return;
    this.#entries.delete(entry.id);
    if (this.#host.random.chance(0.6)) return;
    this.#unsavedRemovals.add(entry);
    this.#host.later(SAVE_MS, () => this.#unsavedRemovals.delete(entry));
  }

  /** For a scenario: a crash or a power cut takes one entry, whatever it does. */
  lose(token: string): void {
    const entry = this.find(token);
    if (entry === null) return;
    entry.run = null;
    this.#entries.delete(entry.id);
    this.#host.ground.witness.noteHostLoss(token);
  }

  static stateOf(entry: Entry | null): QueueState {
    if (entry === null) return { kind: 'absent' };
    // what ended has a result
    return entry.state === 'ended' ? { kind: 'ended', result: entry.result! } : { kind: entry.state };
  }

  static jobOf(entry: Entry): Job {
    return { id: String(entry.id), createdAt: entry.createdAt };
  }

  /** Starts what can start: the loop of the queue's daemon. */
  tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    this.#host.later(this.#host.random.between(0, 300), () => {
      this.#ticking = false;
      if (this.#down) return;
      for (const group of new Set(this.entries().map((entry) => entry.group))) this.#startNext(group);
      this.#host.ground.changed();
    });
  }

  #startNext(group: string): void {
    const mine = this.entries().filter((entry) => entry.group === group);
    if (this.paused.has(group) || mine.some((entry) => entry.state === 'running' || entry.state === 'suspended'))
      return;
    const next = mine.filter((entry) => entry.state === 'queued').sort((a, b) => a.id - b.id)[0];
    if (next === undefined) return;
    this.#become(next, 'running');
    const run = new JobRun(this.#host, next.token, (code, signal) => {
      // after a crash the queue knows nothing of a process that it started before
      if (next.run !== run) return;
      this.end(
        next,
        signal !== null ? { kind: 'killed' } : code === 0 ? { kind: 'succeeded' } : { kind: 'failed', exitCode: code },
      );
    });
    next.run = run;
  }

  end(entry: Entry, result: QueueResult): void {
    entry.run = null;
    entry.result = result;
    this.#become(entry, 'ended');
    this.tick();
  }

  suspend(entry: Entry): void {
    if (entry.state !== 'running') return;
    this.#become(entry, 'suspended');
    entry.run?.suspend();
  }

  resume(entry: Entry): void {
    if (entry.state !== 'suspended') return;
    this.#become(entry, 'running');
    entry.run?.resume();
  }

  /** SIGKILL of its daemon: the processes live on, and it goes back to what it had saved. */
  crash(downMs: number): void {
    this.#down = true;
    this.#forget();
    this.#host.ground.history.note(
      `${this.#host.name}: the queue's daemon is killed for ${Math.round(downMs / 1000)} s`,
    );
    this.#host.later(downMs, () => this.start());
  }

  /** State is renamed into place without fsync: all or nothing of it survives. */
  cutPower(): void {
    this.#down = true;
    this.#ticking = false;
    for (const entry of this.#entries.values()) this.#host.ground.witness.noteHostLoss(entry.token);
    this.#unsavedRemovals.clear();
    if (this.#host.random.chance(0.5)) this.#entries = new Map();
    else this.#forget();
  }

  start(): void {
    this.#down = false;
    this.tick();
  }

  #forget(): void {
    for (const entry of this.#unsavedRemovals) if (!this.#entries.has(entry.id)) this.#entries.set(entry.id, entry);
    this.#unsavedRemovals.clear();
    for (const entry of this.#entries.values()) {
      entry.run = null;
      if (entry.state !== 'ended') this.#host.ground.witness.noteHostLoss(entry.token);
      entry.state = entry.saved;
      if (entry.state === 'running' || entry.state === 'suspended') {
        entry.state = entry.saved = 'ended';
        entry.result = { kind: 'killed' };
      }
      if (entry.state === 'ended') entry.result ??= { kind: 'killed' };
      else entry.result = null;
      if (entry.state === 'queued') this.paused.add(entry.group);
    }
  }

  #become(entry: Entry, state: EntryState): void {
    entry.state = state;
    this.#host.later(this.#host.random.chance(0.6) ? 0 : SAVE_MS, () => {
      if (entry.state === state) entry.saved = state;
    });
  }
}
