import assert from 'node:assert/strict';

import type { Phase } from '../../../src/domain/case.ts';
import type { FailureKind } from '../../../src/domain/failure.ts';
import type { Fault, PlannedOrder } from '../faults/fault.ts';
import { give } from '../faults/orders.ts';
import { perform } from '../faults/perform.ts';
import type { JobPlan } from '../host/ground.ts';
import type { HostShape, SimHost } from '../host/sim-host.ts';
import type { Wire } from '../network/wire.ts';
import type { CaseLine, SlotLine } from '../promises/book.ts';
import { mendOddities } from '../oddities-last.ts';
import { care, mend } from '../simulate.ts';
import type { JobRecord } from '../witness.ts';
import type { Violation } from '../violation.ts';
import { World } from '../world.ts';
import { PLAIN_JOB } from '../world-shape.ts';

/** Long enough for everything that comes by itself, virtual ms. */
const LONG_MS = 15 * 60_000;

/** Thrown where a promise broke in the middle of a scenario: what comes after says nothing. */
export class Broken extends Error {
  readonly violation: Violation;

  constructor(violation: Violation) {
    super(`promise ${violation.promise}: ${violation.text}`);
    this.violation = violation;
  }
}

/** A world in which a history is told step by step, instead of drawn. */
export class Scene {
  readonly world: World;

  constructor(
    name: string,
    options: {
      readonly hosts: readonly HostShape[];
      /** Folders that are there at the beginning. */
      readonly cases: readonly string[];
      /** Those that come later, and when, ms. */
      readonly later?: Readonly<Record<string, number>>;
      readonly job?: Partial<JobPlan>;
      readonly keepMs?: number;
    },
  ) {
    this.world = new World({
      seed: name,
      hosts: options.hosts,
      cases: [
        ...options.cases.map((folder, index) => ({ name: folder, arrivesAtMs: 50 + 10 * index })),
        ...Object.entries(options.later ?? {}).map(([folder, arrivesAtMs]) => ({ name: folder, arrivesAtMs })),
      ],
      limitMs: 3_600_000,
      observeEveryMs: 5_000,
      stageAhead: 2,
      keepMs: options.keepMs ?? 1e9,
      planOf: () => ({ ...PLAIN_JOB, ...options.job }),
    });
    this.world.lives.start();
  }

  host(index = 0): SimHost {
    return this.world.hostAt(index).host;
  }

  wire(index = 0): Wire {
    return this.world.hostAt(index).wire;
  }

  case(name: string): CaseLine {
    const line = [...this.world.checker.page.cases.values()].find((one) => one.name === name);
    assert.ok(line, `${name} is no case yet`);
    return line;
  }

  slot(name = 'a', index = 0): SlotLine {
    const host = this.host(index).name;
    const slot = this.world.checker.page.slots.find((line) => line.host === host && line.name === name);
    assert.ok(slot, `there is no slot ${host}/${name}`);
    return slot;
  }

  /** As the database says. */
  hostState(index = 0): string {
    const { sqlite } = this.world.database;
    return sqlite.prepare('select state from hosts where name = ?').pluck().get(this.host(index).name) as string;
  }

  /** What really became of the job of a case's attempt. */
  job(token: string | null): JobRecord {
    assert.ok(token !== null);
    return this.world.witness.of(token);
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    const met = await this.world.run(this.world.timeline.nowMs + LONG_MS, condition);
    this.#demandPromises();
    assert.ok(met, `it never came to this: ${what}\n${this.world.history.tail(25).join('\n')}`);
  }

  async untilPhase(name: string, phase: Phase): Promise<void> {
    await this.until(`${name} is ${phase}`, () =>
      [...this.world.checker.page.cases.values()].some((line) => line.name === name && line.phase === phase),
    );
  }

  async pass(forMs: number): Promise<void> {
    await this.world.run(this.world.timeline.nowMs + forMs);
    this.#demandPromises();
  }

  /** Now. */
  do(fault: Fault): void {
    perform(this.world, fault);
  }

  /** As soon as the daemon passes a place for the n-th time from now on. */
  at(point: string, fault: Fault, passing = 1, delayMs = 0): void {
    this.world.lives.points.arm({ number: 0, when: { point, passing, delayMs }, fault });
  }

  /** Runs until the daemon is right at a place, acts there, and lets it go on. */
  async untilPassing(point: string, act: () => void): Promise<void> {
    let passed = false;
    this.world.lives.points.next(point, () => {
      passed = true;
      act();
    });
    await this.until(`the daemon passes ${point}`, () => passed);
  }

  order(name: string, order: Exclude<PlannedOrder, 'redo'>): void {
    give(this.world.operator(), this.case(name), order);
  }

  expectFailure(name: string, kind: FailureKind): void {
    const line = this.case(name);
    assert.equal(line.failureKind, kind, `${name} is ${line.phase} (${line.failureKind ?? 'no failure'})`);
  }

  /** Faults are over, operators do their part: everything comes to its end. */
  async finish(): Promise<void> {
    mend(this.world);
    mendOddities(this.world);
    care(this.world);
    const rests = await this.world.run(this.world.timeline.nowMs + 4 * LONG_MS, () => this.world.checker.isAtRest());
    if (!rests && this.world.violations.length === 0) this.world.checker.checkExplained();
    this.#demandPromises();
  }

  close(): void {
    this.world.close();
  }

  #demandPromises(): void {
    const violation = this.world.violations[0];
    if (violation !== undefined) throw new Broken(violation);
  }
}
