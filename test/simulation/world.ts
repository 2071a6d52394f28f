import { parseToken } from '../../src/domain/attempt.ts';
import { readCaseByPath } from '../../src/store/cases.ts';
import { caseIdOf } from '../../src/supervisor/supervisor.ts';
import type { FoundCase } from '../../src/supervisor/admit.ts';
import { readMeta } from '../../src/store/meta.ts';
import { Database } from './daemon/database.ts';
import { SimClock } from './daemon/sim-clock.ts';
import { createDaemon } from './daemon/sim-daemon.ts';
import type { SimDaemon } from './daemon/sim-daemon.ts';
import { History } from './history.ts';
import type { Ground } from './host/ground.ts';
import { SimHost } from './host/sim-host.ts';
import { Crashed, Incarnation } from './incarnation.ts';
import { Wire } from './network/wire.ts';
import type { Overseer } from './ports/overseer.ts';
import { randomFrom } from './random.ts';
import type { Random } from './random.ts';
import { ResultsFolder } from './results-folder.ts';
import { Timeline } from './timeline.ts';
import type { Violation } from './violation.ts';
import { Witness } from './witness.ts';
import type { WorldShape } from './world-shape.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

export class World {
  readonly shape: WorldShape;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly history: History;
  readonly witness = new Witness();
  readonly database = new Database();
  readonly results = new ResultsFolder();
  readonly wall = { offsetMs: 0 };
  readonly hosts = new Map<string, { readonly host: SimHost; readonly wire: Wire }>();
  readonly violations: Violation[] = [];
  daemon: SimDaemon | null = null;
  lives = 0;

  constructor(shape: WorldShape) {
    this.shape = shape;
    this.random = randomFrom(shape.seed);
    this.timeline = new Timeline(this.random.fork('timeline'));
    this.history = new History(() => this.timeline.nowMs);
    const ground: Ground = {
      timeline: this.timeline,
      random: this.random,
      history: this.history,
      witness: this.witness,
      accuse: (promise, text) => void this.violations.push({ promise, text, atMs: this.timeline.nowMs }),
      planOf: (token) => this.#planOf(token),
      changed: () => {},
    };
    for (const host of shape.hosts) {
      this.hosts.set(host.name, { host: new SimHost(host, ground), wire: new Wire(host.name, this) });
    }
    for (const { name, arrivesAtMs } of shape.cases) this.timeline.after(arrivesAtMs, () => this.admit(name));
  }

  #planOf(token: string) {
    const { caseId, attempt } = parseToken(token)!;
    const name = this.shape.cases.find((one) => this.#idOf(one.name) === caseId)?.name ?? '';
    return this.shape.planOf(name, attempt);
  }

  #idOf(name: string): string {
    const db = this.database.openForOrders().db;
    return caseIdOf({ instance: readMeta(db, 'instance') ?? '', caseKey: readMeta(db, 'case_key') ?? '' }, `/cases/${name}`);
  }

  boot(): void {
    this.lives += 1;
    const incarnation = new Incarnation(this.lives, this.timeline);
    const overseer: Overseer = { acts: () => {}, lookStarts: () => this.timeline.nowMs, looked: () => {} };
    const store = this.database.openFor(incarnation, { beforeWrite() {}, afterWrite() {} });
    this.history.note(`the daemon starts (life ${this.lives})`);
    this.daemon = createDaemon({
      shape: this.shape,
      incarnation,
      store,
      clock: new SimClock(this.timeline, incarnation, this.wall, this.random),
      hosts: [...this.hosts.values()],
      overseer,
      results: this.results,
      fingerprintOf: () => 'f',
      intake: { inspect: (path) => Promise.resolve({ kind: 'ready', found: this.found(path) }), admit: () => Promise.resolve({ admitted: 0, message: '' }) },
      log: silent,
      failPoint: () => 'go',
    });
    this.daemon.supervisor.onChange((change) => this.history.note(`${change.row.name}: ${change.event.type} ${change.from} → ${change.to}`));
    this.daemon.supervisor.start();
    incarnation.touched = true;
    for (const one of this.shape.cases) if (one.arrivesAtMs <= this.timeline.nowMs) this.admit(one.name);
  }

  found(path: string): FoundCase {
    return { path, name: path.slice('/cases/'.length), fingerprint: 'f', files: 1, sizeBytes: 1 };
  }

  admit(name: string): void {
    if (this.daemon?.incarnation.alive !== true) return;
    if (readCaseByPath(this.database.openForOrders().db, `/cases/${name}`) !== null) return;
    try {
      this.daemon.supervisor.admit(this.found(`/cases/${name}`), () => {});
      this.daemon.incarnation.touched = true;
    } catch (error) {
      if (!(error instanceof Crashed)) throw error;
    }
  }

  async run(untilMs: number, until: () => boolean = () => false): Promise<void> {
    while (!until()) {
      const next = this.timeline.nextAtMs();
      if (next === null || next > untilMs) return;
      this.timeline.step();
      const incarnation = this.daemon?.incarnation;
      if (incarnation?.touched === true) {
        incarnation.touched = false;
        await new Promise(setImmediate);
      }
    }
  }
}
