import path from 'node:path';

import { afterEach, beforeEach, expect } from 'vitest';

import type { Observation } from '../../src/domain/observation.ts';
import { judge } from '../../src/scheduler/judge.ts';
import type { Facts, JobSpec, Scheduler } from '../../src/scheduler/scheduler.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { read, spec, until } from '../scheduler/lab.ts';
import type { Lab } from '../scheduler/lab.ts';

export interface SchedulerUnderTest {
  readonly lab: Lab;
  /** The queue's group for the test's jobs; null where there is none. */
  readonly queue: string | null;
  /** Schedulers of the same host and installation; `transport` stands in for the lab's own. */
  scheduler(options?: { readonly transport?: Pick<Transport, 'run'>; readonly instance?: string }): Scheduler;
  /** Waits until the queue itself has noticed what became of its jobs. */
  quiesce(): Promise<void>;
  close(): Promise<void>;
}

export const WHY = { who: 'test', why: `it's a "test"` };
export const signal = new AbortController().signal;

export type Bench = ReturnType<typeof setUpBench>;

/** A scheduler on a prepared root of its own for each test of the suite, and the steps that tests are made of. */
export function setUpBench(make: () => Promise<SchedulerUnderTest>) {
  let sut: SchedulerUnderTest;
  let scheduler: Scheduler;
  let lab: Lab;
  beforeEach(async () => {
    sut = await make();
    lab = sut.lab;
    scheduler = sut.scheduler();
    expect(await scheduler.prepare(signal, true)).toMatchObject({ kind: 'prepared' });
  });
  afterEach(() => sut.close());

  const specOf = (token: string, change: Partial<JobSpec> = {}): JobSpec =>
    spec(token, { queue: sut.queue, ...change });
  const file = (token: string, name: string): string => path.join(lab.directory(token), name);

  async function create(token: string, change: Partial<JobSpec> = {}, provenTokens: string[] = []) {
    return scheduler.create({ spec: specOf(token, change), provenTokens }, signal);
  }

  /** A job that was created, held. */
  async function held(change: Partial<JobSpec> = {}, token = lab.token()) {
    lab.stage(token);
    const outcome = await create(token, change);
    if (outcome.kind !== 'created') throw new Error(`not created: ${JSON.stringify(outcome)}`);
    return { token, job: outcome.job };
  }

  /** A job whose command has begun. */
  async function started(command: string, change: Partial<JobSpec> = {}, caseId?: string) {
    const attempt = await held({ command: `echo $$ > up; ${command}`, ...change }, lab.token(caseId));
    expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
    await until(() => read(file(attempt.token, 'up')) !== '');
    return { ...attempt, payload: Number(read(file(attempt.token, 'up'))) };
  }

  async function factsOf(token: string): Promise<{ facts: Facts; observation: Observation }> {
    const look = await scheduler.look([token], signal);
    if (look.kind === 'blind') throw new Error(`blind: ${look.reason}`);
    return { facts: look.facts[0]!, observation: judge(look.facts[0]!, look.node) };
  }
  const observed = async (token: string): Promise<Observation> => (await factsOf(token)).observation;

  async function become(token: string, kind: Observation['kind']): Promise<Observation> {
    let last: Observation | null = null;
    await until(async () => (last = await observed(token)).kind === kind);
    return last!;
  }

  return {
    specOf,
    file,
    create,
    held,
    started,
    factsOf,
    observed,
    become,
    get sut() {
      return sut;
    },
    get scheduler() {
      return scheduler;
    },
    get lab() {
      return lab;
    },
  };
}
