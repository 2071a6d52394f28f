import { parseToken } from '../../src/domain/attempt.ts';
import { SLOT_HOLDING_PHASES } from '../../src/domain/case.ts';
import { Database } from './daemon/database.ts';
import { Lives } from './daemon/lives.ts';
import type { Operator } from './faults/orders.ts';
import { Folders } from './folders.ts';
import { History } from './history.ts';
import type { Ground, JobPlan } from './host/ground.ts';
import { SimHost } from './host/sim-host.ts';
import { Wire } from './network/wire.ts';
import type { CaseLine } from './promises/book.ts';
import { Checker } from './promises/checker.ts';
import { randomFrom } from './random.ts';
import type { Random } from './random.ts';
import { ResultsFolder } from './results-folder.ts';
import { Timeline } from './timeline.ts';
import type { Violation } from './violation.ts';
import { Witness } from './witness.ts';
import type { WorldShape } from './world-shape.ts';

export interface HostInWorld {
  readonly host: SimHost;
  readonly wire: Wire;
}

/** Hosts, wires, folders, a database and one daemon after the other, on one virtual clock. */
export class World {
  readonly shape: WorldShape;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly history: History;
  readonly witness: Witness;
  readonly database = new Database();
  readonly results = new ResultsFolder((promise, text) => this.accuse(promise, text));
  readonly folders = new Folders();
  readonly wall = { offsetMs: 0 };
  readonly hosts: readonly HostInWorld[];
  readonly checker: Checker;
  readonly lives: Lives;
  readonly violations: Violation[] = [];
  /** Names of cases by their ids: a database that is set back may not know them any more. */
  readonly #names = new Map<string, string>();
  #backup: Buffer | null = null;

  constructor(shape: WorldShape) {
    this.shape = shape;
    this.random = randomFrom(shape.seed);
    this.timeline = new Timeline(this.random.fork('timeline'));
    this.history = new History(() => this.timeline.nowMs);
    this.witness = new Witness({
      onStart: (record) => this.checker.started(record),
      onEnd: (record, by) => this.checker.ended(record, by),
    });
    this.checker = new Checker({
      database: this.database,
      hosts: () => this.hosts.map(({ host }) => host),
      witness: this.witness,
      results: this.results,
      accuse: this.accuse,
      nowMs: () => this.timeline.nowMs,
      observeEveryMs: shape.observeEveryMs,
      stageAhead: shape.stageAhead,
    });
    const ground: Ground = {
      timeline: this.timeline,
      random: this.random,
      history: this.history,
      witness: this.witness,
      accuse: this.accuse,
      planOf: (token) => this.#planOf(token),
      changed: () => {
        this.checker.hostChanged = true;
      },
    };
    this.hosts = shape.hosts.map((host) => ({ host: new SimHost(host, ground), wire: new Wire(host.name, this) }));
    this.lives = new Lives(this);
    for (const { name, arrivesAtMs } of shape.cases) this.timeline.after(arrivesAtMs, () => this.lives.admit(name));
  }

  readonly accuse = (promise: Violation['promise'], text: string): void => {
    if (this.violations.length === 0) this.history.note(`BROKEN: promise ${promise}: ${text}`);
    this.violations.push({ promise, text, atMs: this.timeline.nowMs });
  };

  #planOf(token: string): JobPlan {
    const parts = parseToken(token)!;
    // a token is made for a case that was committed
    const { name } = this.checker.page.cases.get(parts.caseId) ?? { name: this.#names.get(parts.caseId) ?? '' };
    this.#names.set(parts.caseId, name);
    return this.shape.planOf(name, parts.attempt);
  }

  hostAt(number: number): HostInWorld {
    return this.hosts[number % this.hosts.length]!;
  }

  /** Null while it is no case yet, or none is busy. */
  caseLine(number: number | 'busy'): CaseLine | null {
    if (number === 'busy') {
      return [...this.checker.page.cases.values()].find((line) => SLOT_HOLDING_PHASES.has(line.phase)) ?? null;
    }
    const name = this.shape.cases[number % this.shape.cases.length]!.name;
    return [...this.checker.page.cases.values()].find((line) => line.name === name) ?? null;
  }

  changeFolder(number: number): void {
    const { name } = this.shape.cases[number % this.shape.cases.length]!;
    this.history.note(`the folder of ${name} changes`);
    this.folders.change(name);
  }

  operator(): Operator {
    const { page, abilities } = this.checker;
    return { store: this.database.openForOrders(), page, abilities, witness: this.witness, atMs: this.timeline.nowMs };
  }

  backUp(): void {
    this.history.note('the database is backed up');
    this.#backup = this.database.backUp();
  }

  /** Back to the last backup, if there is one. */
  restore(): void {
    if (this.#backup === null) return;
    this.database.restore(this.#backup);
    this.checker.restored();
  }

  /** Runs until a moment, a condition, or the first broken promise; false when a condition was not met in time. */
  async run(untilMs: number, until: () => boolean = () => false): Promise<boolean> {
    while (this.violations.length === 0) {
      if (until()) return true;
      const next = this.timeline.nextAtMs();
      if (next === null || next > untilMs) {
        this.timeline.nowMs = Math.max(this.timeline.nowMs, untilMs);
        return false;
      }
      this.timeline.step();
      await this.lives.quiesce();
      this.checker.stepped();
    }
    return false;
  }

  close(): void {
    this.lives.kill();
    this.database.close();
  }
}
