import type { Claim, End } from '../../../src/domain/job.ts';
import type { Hand } from '../witness.ts';
import type { AttemptDirectory } from './attempt-directory.ts';
import type { JobPlan } from './ground.ts';
import type { SimProcess } from './process-table.ts';
import type { SimHost } from './sim-host.ts';

/** The exit codes and tries of src/scheduler/job-script.ts. */
const LOST = 113;
const UNCLAIMABLE = 114;
const WRITE_TRIES = 120;
const WRITE_EVERY_MS = 5_000;

/** One start of job.sh: it claims, runs its payload, and writes its end. Queues start one job twice now and then. */
export class JobRun {
  readonly #host: SimHost;
  readonly #token: string;
  readonly #plan: JobPlan;
  readonly #slot: string;
  readonly #onExit: (code: number, signal: string | null) => void;
  readonly outer: SimProcess;
  inner: SimProcess | null = null;
  #payload: SimProcess | null = null;
  #leftMs: number;
  #resumedAtMs: number | null = null;
  #beat = 0;

  constructor(host: SimHost, token: string, onExit: (code: number, signal: string | null) => void) {
    this.#host = host;
    this.#token = token;
    this.#onExit = onExit;
    this.#plan = host.ground.planOf(token);
    this.#leftMs = this.#plan.runMs;
    this.#slot = host.directoryOf(token)?.script?.value.slot ?? '';
    this.outer = this.#spawn('outer', true, 'own', 'lives', (signal) => {
      if (signal !== null) this.#onExit(128, signal);
    });
    this.#then(() => this.#open());
  }

  #spawn(
    role: SimProcess['role'],
    marked: boolean,
    session: number | 'own',
    onTerm: SimProcess['onTerm'],
    onDeath: SimProcess['onDeath'],
  ): SimProcess {
    const { processes } = this.#host;
    const unkillableMs = role === 'payload' ? this.#plan.unkillableMs : 0;
    return processes.spawn({
      token: this.#token,
      role,
      slot: this.#slot,
      marked,
      session,
      onTerm,
      unkillableMs,
      onDeath,
    });
  }

  #then(next: () => void): void {
    this.#host.later(this.#host.stepMs(), next);
  }

  /** The payload gets a session of its own. */
  #open(): void {
    if (!this.outer.alive) return;
    const directory = this.#host.directoryOf(this.#token);
    if (directory?.script == null) {
      this.#host.ground.witness.noteHostLoss(this.#token);
      return this.#leave(127);
    }
    this.inner = this.#spawn('inner', true, 'own', 'lives', (signal) => {
      if (signal !== null) this.#host.ground.witness.of(this.#token).wrapperKilled = true;
    });
    this.#inside(() => (directory.manifest ? this.#inside(() => this.#claim(directory)) : this.#leave(UNCLAIMABLE)));
  }

  /** The next step, while the inner shell is there. */
  #inside(next: () => void): void {
    this.#then(() => {
      if (this.inner?.alive === true) next();
    });
  }

  #claim(directory: AttemptDirectory): void {
    if (!this.#host.isClaimable(this.#token)) {
      this.#host.ground.witness.noteHostLoss(this.#token);
      return this.#leave(UNCLAIMABLE);
    }
    if (directory.claim !== null) return this.#leave(LOST);
    const { name, bootId, pidNamespace, uid } = this.#host.node;
    // set above; it is the inner shell's own step
    const { pid, session } = this.inner!;
    const value: Claim = { by: 'job', node: name, bootId, pidNamespace, uid, pid, session, startTicks: String(pid) };
    const claim = { value, synced: false };
    directory.claim = claim;
    this.#inside(() => {
      claim.synced = true;
      this.#inside(() => (directory.manifest ? this.#begin(directory) : this.#leave(UNCLAIMABLE)));
    });
  }

  #begin(directory: AttemptDirectory): void {
    const { ground } = this.#host;
    ground.witness.started(this.#token, ground.timeline.nowMs);
    ground.witness.of(this.#token).madeOf = directory.inputs;
    ground.history.note(`${this.#host.name}: the payload of ${this.#token} starts on ${this.#slot}`);
    this.#host.hint(`claimed ${this.#token}`);
    const plan = this.#plan;
    const { session } = this.inner!;
    this.#payload = this.#spawn(
      'payload',
      !plan.cleansEnvironment,
      session,
      plan.ignoresTerm ? 'lives' : 'dies',
      (signal, by) =>
        this.#payloadEnded(
          directory,
          signal === null ? { kind: 'exited', exitCode: plan.exitCode } : { kind: 'signalled', signal },
          by,
        ),
    );
    if (plan.childMs > 0) this.#spawn('child', true, 'own', 'dies', () => {});
    this.resume();
    ground.changed();
  }

  suspend(): void {
    if (this.#resumedAtMs === null) return;
    this.#host.processes.stop(this.#token, true);
    this.#leftMs -= this.#host.ground.timeline.nowMs - this.#resumedAtMs;
    this.#resumedAtMs = null;
    this.#beat += 1;
  }

  resume(): void {
    const payload = this.#payload;
    if (payload === null || this.#resumedAtMs !== null) return;
    this.#resumedAtMs = this.#host.ground.timeline.nowMs;
    this.#host.processes.stop(this.#token, false);
    this.#beat += 1;
    const beat = this.#beat;
    this.#host.later(this.#leftMs, () => {
      if (this.#beat === beat) this.#host.processes.end(payload, null, 'itself');
    });
  }

  #payloadEnded(directory: AttemptDirectory, end: End, by: Hand): void {
    const { ground, processes } = this.#host;
    ground.witness.ended(this.#token, end, by, ground.timeline.nowMs);
    ground.history.note(`${this.#host.name}: the payload of ${this.#token} ended (${describe(end)}) by ${by}`);
    ground.changed();
    for (const child of processes.alive().filter((other) => other.token === this.#token && other.role === 'child')) {
      this.#host.later(this.#plan.childMs, () => processes.end(child, null, 'itself'));
    }
    this.#inside(() => this.#writeEnd(directory, end, 1));
  }

  #writeEnd(directory: AttemptDirectory, end: End, tries: number): void {
    const code = end.kind === 'exited' ? end.exitCode : 143;
    if (!directory.manifest || tries > WRITE_TRIES) return this.#leave(code);
    if (this.#host.diskFull) {
      return this.#host.later(WRITE_EVERY_MS, () => {
        if (this.inner?.alive === true) this.#writeEnd(directory, end, tries + 1);
      });
    }
    if (this.#plan.writes && end.kind === 'exited') {
      directory.outputs = `what ${this.#token} made of ${directory.inputs}`;
      this.#host.ground.witness.of(this.#token).outputs = directory.outputs;
    }
    directory.end ??= { value: end, synced: false };
    const written = directory.end;
    this.#inside(() => {
      written.synced = true;
      this.#host.hint(`ended ${this.#token}`);
      this.#leave(code);
    });
  }

  #leave(code: number): void {
    const { processes, ground } = this.#host;
    const tell = this.outer.alive;
    if (this.inner !== null) processes.end(this.inner, null, 'itself');
    processes.end(this.outer, null, 'itself');
    ground.changed();
    if (tell) this.#onExit(code, null);
  }
}

function describe(end: End): string {
  return end.kind === 'exited' ? `exit ${end.exitCode}` : end.kind === 'signalled' ? end.signal : 'lost';
}
