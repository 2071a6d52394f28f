import type { Node } from '../../../src/domain/job.ts';
import type { BlindCause } from '../../../src/domain/observation.ts';
import type { Random } from '../random.ts';
import { AttemptDirectory } from './attempt-directory.ts';
import type { Ground } from './ground.ts';
import { Oddities } from './oddities.ts';
import { ProcessTable } from './process-table.ts';
import type { SimProcess } from './process-table.ts';
import { SimQueue } from './sim-queue.ts';

/** A command that says what its problem is: it found out nothing. */
export class HostProblem extends Error {
  readonly blindCause: BlindCause;

  constructor(blindCause: BlindCause, message: string) {
    super(message);
    this.blindCause = blindCause;
  }
}

/** What a command prints, step by step; between two steps anything may happen. A yielded number is a wait, in ms. */
export type Command<T> = Generator<number | undefined, T>;

export type CommandResult<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'problem'; readonly cause: BlindCause; readonly reason: string };

export interface HostShape {
  readonly name: string;
  readonly kind: 'direct' | 'pueue';
  readonly slots: readonly string[];
  /** It has GPUs, one a slot, and a driver that tells what runs on them. */
  readonly hasDriver?: boolean;
}

/** One HPC host: its disk, its processes, its queue. Knows nothing of the daemon. */
export class SimHost {
  readonly name: string;
  readonly kind: HostShape['kind'];
  readonly slots: readonly string[];
  readonly ground: Ground;
  readonly random: Random;
  readonly directories = new Map<string, AttemptDirectory>();
  readonly staging = new Set<string>();
  readonly processes = new ProcessTable();
  readonly queue: SimQueue;
  /** Whoever follows the file of hints. */
  readonly followers = new Set<(line: string) => void>();
  node: Node;
  powered = true;
  mounted = true;
  diskFull = false;
  /** Receipts that are there cannot be read (an NFS server that hiccups, a damaged disk). */
  receiptsAreOdd = false;
  /** What is odd of single attempts. */
  readonly oddities = new Oddities();
  readonly hasDriver: boolean;
  /** Slots on whose GPU somebody else computes: how many of them. */
  readonly strangers = new Map<string, number>();
  driverFails = false;
  /** How likely a step of a command takes seconds instead of milliseconds. */
  slowness = 0;
  /** The same for looks alone: while one goes on, everything else may happen. */
  lookSlowness = 0;
  #boots = 1;

  constructor(shape: HostShape, ground: Ground) {
    this.name = shape.name;
    this.kind = shape.kind;
    this.slots = shape.slots;
    this.hasDriver = shape.hasDriver ?? false;
    this.ground = ground;
    this.random = ground.random.fork(`host ${shape.name}`);
    this.node = { name: shape.name, bootId: this.#bootId(), pidNamespace: '4026531836', uid: 1000 };
    this.queue = new SimQueue(this);
  }

  /** Something on this host comes later, unless its power is cut before. */
  later(delayMs: number, fire: () => void): void {
    const boot = this.#boots;
    this.ground.timeline.after(delayMs, () => {
      if (this.#boots === boot && this.powered) fire();
    });
  }

  /** How long a small thing takes here now, ms. */
  stepMs(): number {
    if (this.slowness > 0 && this.random.chance(this.slowness)) return this.random.between(500, 12_000);
    return this.#quickMs();
  }

  lookStepMs(): number {
    const slowness = Math.max(this.slowness, this.lookSlowness);
    if (slowness > 0 && this.random.chance(slowness)) return this.random.between(500, 9_000);
    return this.#quickMs();
  }

  #quickMs(): number {
    return this.random.chance(0.9) ? this.random.between(0, 8) : this.random.between(8, 250);
  }

  /** Runs a command to its end, step by step; it dies with the power. */
  execute<T>(command: () => Command<T>, done: (result: CommandResult<T>) => void): void {
    const steps = this.#guarded(command);
    const step = (): void => {
      let next: IteratorResult<number | undefined, T>;
      try {
        next = steps.next();
      } catch (error) {
        if (!(error instanceof HostProblem)) throw error;
        return done({ kind: 'problem', cause: error.blindCause, reason: error.message });
      }
      this.ground.changed();
      if (next.done === true) return done({ kind: 'done', value: next.value });
      this.later(next.value ?? this.stepMs(), step);
    };
    step();
  }

  *#guarded<T>(command: () => Command<T>): Command<T> {
    this.demandRoot();
    return yield* command();
  }

  /**
   * No root (not mounted?) makes every command blind: what it would not see proves nothing. Those that report what is not
   * there ask once more at their end.
   * @throws HostProblem
   */
  demandRoot(): void {
    if (!this.mounted) throw new HostProblem('garbled', `the root is not there on ${this.name}`);
  }

  directoryOf(token: string): AttemptDirectory | null {
    return this.mounted ? (this.directories.get(token) ?? null) : null;
  }

  /** The receipt is there, and nobody can read it. */
  isGarbled(receipt: 'claim' | 'end', token: string): boolean {
    return this.receiptsAreOdd || this.oddities.is(`garbled ${receipt}`, token);
  }

  /** A claim can be written there. */
  isClaimable(token: string): boolean {
    return !this.diskFull && !this.oddities.is('unclaimable', token);
  }

  /** Why nobody can look into the directory of an attempt; null where everybody can. */
  hides(token: string): string | null {
    return this.oddities.is('hidden', token) ? `attempts/${token} cannot be looked at: Permission denied` : null;
  }

  /** The last step of an upload: renamed there, unless it is there already. */
  receive(token: string, inputs: string): void {
    if (!this.directories.has(token)) this.directories.set(token, new AttemptDirectory(token, inputs));
    this.staging.delete(token);
    this.ground.changed();
  }

  hint(line: string): void {
    for (const follower of this.followers) follower(line);
  }

  /** Everything that runs dies, and what was not flushed is gone. */
  cutPower(downMs: number): void {
    this.#boots += 1;
    this.powered = false;
    const { witness, timeline, history } = this.ground;
    for (const process of this.processes.vanish()) this.#noteLoss(process);
    for (const directory of this.directories.values()) {
      if (directory.cutPower()) witness.noteHostLoss(directory.token);
    }
    this.queue.cutPower();
    history.note(`${this.name}: power cut, back in ${Math.round(downMs / 1000)} s`);
    this.ground.changed();
    timeline.after(downMs, () => {
      this.powered = true;
      this.node = { ...this.node, bootId: this.#bootId() };
      history.note(`${this.name}: booted`);
      this.queue.start();
    });
  }

  #noteLoss(process: SimProcess): void {
    const { witness } = this.ground;
    witness.noteHostLoss(process.token);
    if (process.role === 'payload') witness.ended(process.token, null, 'power', this.ground.timeline.nowMs);
  }

  #bootId(): string {
    const part = (length: number): string => Array.from({ length }, () => this.random.int(16).toString(16)).join('');
    return `${part(8)}-${part(4)}-${part(4)}-${part(4)}-${part(12)}`;
  }
}
