import path from 'node:path';

import { afterEach, beforeEach, expect } from 'vitest';

import type { Observation } from '../../src/domain/observation.ts';
import { judge } from '../../src/scheduler/judge.ts';
import { createPueueScheduler } from '../../src/scheduler/pueue.ts';
import type { Facts, JobSpec, Scheduler } from '../../src/scheduler/scheduler.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { startPueue } from '../lab/pueue.ts';
import type { PueueDaemon, PueueVersion } from '../lab/pueue.ts';
import { createLab, read, spec, until } from './lab.ts';
import type { Lab } from './lab.ts';

export const signal = new AbortController().signal;
export const WHY = { who: 'test', why: 'trap' };

/** A root and a pueue daemon of its own for each test, and the steps that tests are made of. */
export function setUpPueue(version: PueueVersion) {
  let lab: Lab;
  let daemon: PueueDaemon;
  let scheduler: Scheduler;
  /** Everything that a host has answered. */
  let answers: string;

  beforeEach(async () => {
    lab = createLab();
    daemon = await startPueue(version, ['gpu0']);
    answers = '';
    scheduler = make();
    expect(await scheduler.prepare(signal, true)).toMatchObject({ kind: 'prepared' });
  });
  afterEach(async () => {
    await lab.close();
    await daemon.close();
  });

  function make(change: { path?: string | null; config?: string | null; transport?: Pick<Transport, 'run'> } = {}) {
    const transport: Pick<Transport, 'run'> = {
      run: async (command, options) => {
        const outcome = await lab.transport.run(command, options);
        answers += JSON.stringify(outcome);
        return outcome;
      },
    };
    const { root, instance } = lab;
    const queue = { path: daemon.client, config: daemon.config };
    return createPueueScheduler({ transport, root, instance, host: 'host1', graceMs: 2_500, ...queue, ...change });
  }

  const file = (token: string, name: string): string => path.join(lab.directory(token), name);

  async function create(token: string, change: Partial<JobSpec> = {}) {
    return scheduler.create({ spec: spec(token, { queue: 'gpu0', ...change }), provenTokens: [] }, signal);
  }

  async function held(change: Partial<JobSpec> = {}, token = lab.token()) {
    lab.stage(token);
    const outcome = await create(token, change);
    if (outcome.kind !== 'created') throw new Error(`not created: ${JSON.stringify(outcome)}`);
    return { token, job: outcome.job };
  }

  async function started(change: Partial<JobSpec> = {}) {
    const attempt = await held({ command: 'echo $$ >> ran; exec sleep 100', ...change });
    expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
    await until(() => read(file(attempt.token, 'ran')) !== '');
    return { ...attempt, payload: Number(read(file(attempt.token, 'ran'))) };
  }

  async function looked(
    token: string,
  ): Promise<{ facts: Facts; observation: Observation; notices: readonly string[] }> {
    const look = await scheduler.look([token], signal);
    if (look.kind === 'blind') throw new Error(`blind: ${look.reason}`);
    return { facts: look.facts[0]!, observation: judge(look.facts[0]!, look.node), notices: look.notices };
  }
  const observed = async (token: string): Promise<Observation> => (await looked(token)).observation;
  const runsOf = (token: string): number => read(file(token, 'ran')).split('\n').length - 1;

  return {
    make,
    file,
    create,
    held,
    started,
    looked,
    observed,
    runsOf,
    get lab() {
      return lab;
    },
    get daemon() {
      return daemon;
    },
    get scheduler() {
      return scheduler;
    },
    get answers() {
      return answers;
    },
  };
}
