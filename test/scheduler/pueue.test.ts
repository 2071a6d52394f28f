import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Observation } from '../../src/domain/observation.ts';
import { judge } from '../../src/scheduler/judge.ts';
import { createPueueScheduler } from '../../src/scheduler/pueue.ts';
import type { Facts, JobSpec, Scheduler } from '../../src/scheduler/scheduler.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { PUEUE_VERSIONS, hasPueue, pueueBinaries, startPueue } from '../lab/pueue.ts';
import type { PueueDaemon } from '../lab/pueue.ts';
import { createLab, fillUp, isAlive, isRoot, mountSmall, processesOf, read, spec, until } from './lab.ts';
import type { Lab } from './lab.ts';

const signal = new AbortController().signal;
const WHY = { who: 'test', why: 'trap' };

// the contract (test/contract/scheduler-pueue.test.ts) says by name when one is missing
describe.each(PUEUE_VERSIONS.filter(hasPueue))('with pueue %s', (version) => {
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
    expect(await scheduler.prepare(signal)).toMatchObject({ kind: 'prepared' });
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
    return createPueueScheduler({ transport, root, instance, host: 'host1', graceMs: 500, ...queue, ...change });
  }

  const file = (token: string, name: string): string => path.join(lab.directory(token), name);

  async function create(token: string, change: Partial<JobSpec> = {}) {
    return scheduler.create({ spec: spec(token, { queue: 'gpu0', ...change }), settledTokens: [] }, signal);
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

  test('the id and the creation time of a job are those of its task', async () => {
    const attempt = await held();
    const { stdout } = await daemon.pueue('status', '--json');
    const { tasks } = JSON.parse(stdout) as { tasks: Record<string, { created_at: string; label: string }> };
    expect(tasks[attempt.job.id!]).toMatchObject({ label: attempt.token, created_at: attempt.job.createdAt });
    expect((await looked(attempt.token)).facts).toMatchObject({ job: attempt.job, queue: { kind: 'held' } });
  });

  test('a daemon that was killed calls a job killed that lives: it executes, and its slot is kept', async () => {
    const attempt = await started();
    await daemon.end('SIGKILL');
    expect(await scheduler.look([attempt.token], signal)).toMatchObject({ kind: 'blind', cause: 'queue' });
    await daemon.start();
    const { facts, observation } = await looked(attempt.token);
    expect(facts.queue).toEqual({ kind: 'ended', result: { kind: 'killed' } });
    expect(observation).toEqual({ kind: 'executing' });
    expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { signal: 'TERM' } });
    expect(isAlive(attempt.payload)).toBe(false);
  });

  test('a release that a killed daemon forgot leaves the job held, and it is released again', async () => {
    const attempt = await held();
    expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
    await daemon.end('SIGKILL');
    await daemon.start();
    const before = await observed(attempt.token);
    // on a slow machine the daemon has started it before it was killed
    if (runsOf(attempt.token) === 0 && before.kind === 'held') {
      expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
    }
    await until(async () => (await observed(attempt.token)).kind === 'ended');
    expect(runsOf(attempt.token)).toBe(1);
  });

  test('a job that a killed daemon starts twice has run once', async () => {
    const attempt = await held({ command: 'echo $$ >> ran; exec sleep 100' });
    // the daemon dies between starting its task and saving that it did
    const inject = 'inject=rename,renameat,renameat2:signal=KILL:when=1';
    const tracer = spawn('strace', [
      '-f',
      '-e',
      'trace=rename,renameat,renameat2',
      '-e',
      inject,
      '-p',
      `${daemon.pid}`,
    ]);
    let traced = '';
    tracer.stderr.on('data', (chunk: Buffer) => (traced += chunk.toString()));
    await until(() => traced.includes('attached'));
    await scheduler.release(attempt, signal);
    await daemon.ended();
    await until(() => runsOf(attempt.token) === 1);
    await daemon.start();
    const { facts, observation } = await looked(attempt.token);
    expect(facts.queue).toEqual({ kind: 'held' });
    expect(observation).toEqual({ kind: 'executing' });
    // we would not release it; an operator's bare `enqueue` does
    await daemon.pueue('enqueue', attempt.job.id!);
    await until(async () => (await looked(attempt.token)).facts.queue.kind === 'ended');
    expect((await looked(attempt.token)).facts.queue).toEqual({
      kind: 'ended',
      result: { kind: 'failed', exitCode: 113 },
    });
    expect(await observed(attempt.token)).toEqual({ kind: 'executing' });
    expect(runsOf(attempt.token)).toBe(1);
    expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
  });

  test('an operator lets a held job go: it runs once, and a release after it is harmless', async () => {
    const attempt = await held();
    await daemon.pueue('start', attempt.job.id!);
    await until(async () => (await observed(attempt.token)).kind === 'ended');
    expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
    expect(runsOf(attempt.token)).toBe(1);
  });

  test('a task that an operator has removed is a missing job, and then gone', async () => {
    const attempt = await held();
    await daemon.pueue('remove', attempt.job.id!);
    expect(await observed(attempt.token)).toEqual({ kind: 'missing', queue: null });
    expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'missing' });
    expect(await scheduler.stop(attempt, WHY, signal)).toEqual({ kind: 'gone', end: null, queue: null });
  });

  test('what pueue has cleaned away is still known by its receipts', async () => {
    const attempt = await started({ command: 'echo $$ >> ran; exit 4' });
    await until(async () => (await looked(attempt.token)).facts.queue.kind === 'ended');
    await daemon.pueue('clean');
    expect((await looked(attempt.token)).facts.queue).toEqual({ kind: 'absent' });
    expect(await observed(attempt.token)).toEqual({ kind: 'ended', end: { kind: 'exited', exitCode: 4 } });
    expect(await scheduler.find(attempt.token, signal)).toEqual({ kind: 'found', job: { id: null, createdAt: null } });
  });

  test('a reset of pueue frees no slot while the job lives', async () => {
    const attempt = await started();
    await daemon.pueue('reset', '--force');
    await until(async () => (await looked(attempt.token)).facts.queue.kind === 'absent');
    expect(await observed(attempt.token)).toEqual({ kind: 'executing' });
    expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
    expect(processesOf(attempt.token)).toEqual([]);
  });

  test('a late command for an id that is another job’s by now hits nothing', async () => {
    const first = await held();
    await scheduler.revoke(first, WHY, signal);
    const second = await held({}, lab.token('case2'));
    expect(second.job.id).toBe(first.job.id);
    expect(await scheduler.release(first, signal)).toEqual({ kind: 'missing' });
    expect(await scheduler.revoke(first, WHY, signal)).toEqual({ kind: 'revoked' });
    expect(await scheduler.stop(first, WHY, signal)).toMatchObject({ kind: 'gone' });
    expect(await scheduler.remove(first, signal)).toEqual({ kind: 'removed' });
    expect(await observed(second.token)).toEqual({ kind: 'held' });
    // the same token under the same id, but another task
    const other = { ...second, job: { ...second.job, createdAt: '2001-01-01T00:00:00Z' } };
    expect(await scheduler.release(other, signal)).toEqual({ kind: 'missing' });
    expect(await observed(second.token)).toEqual({ kind: 'held' });
  });

  test('a late add of a revoked attempt leaves a task that is listed, and runs nothing', async () => {
    const token = lab.token();
    lab.stage(token);
    expect(await scheduler.find(token, signal)).toEqual({ kind: 'absent' });
    writeFileSync(file(token, 'job.sh'), 'echo never');
    await daemon.pueue(
      'add',
      '--stashed',
      '--label',
      token,
      '--group',
      'gpu0',
      '-w',
      lab.directory(token),
      '--',
      'true',
    );
    expect(await scheduler.find(token, signal)).toEqual({ kind: 'absent' });
    expect(await observed(token)).toMatchObject({ kind: 'missing' });
    rmSync(lab.directory(token), { recursive: true });
    expect(await scheduler.list(signal)).toMatchObject({ attempts: [{ token }] });
    expect(await scheduler.stop({ token, job: null }, WHY, signal)).toMatchObject({ kind: 'gone' });
    expect(await scheduler.list(signal)).toMatchObject({ attempts: [] });
  });

  test('a group that pueue does not have refuses the job, and nothing of it can start', async () => {
    const token = lab.token();
    lab.stage(token);
    const outcome = await create(token, { queue: 'nope' });
    expect(outcome).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('pueue group add nope') as string,
    });
    expect(read(file(token, 'claim'))).toMatch(/^revoked /);
    expect(await observed(token)).toMatchObject({ kind: 'missing' });
  });

  test('a paused group holds a job back, and is told', async () => {
    await daemon.pueue('pause', '-g', 'gpu0');
    const attempt = await held();
    expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
    const { observation, notices } = await looked(attempt.token);
    expect(observation).toEqual({ kind: 'queued' });
    expect(notices).toEqual(['pueue group gpu0 is paused: pueue start -g gpu0']);
    await daemon.pueue('start', '-g', 'gpu0');
    await until(async () => (await observed(attempt.token)).kind === 'ended');
  });

  test('a paused task is suspended', async () => {
    const attempt = await started();
    await daemon.pueue('pause', attempt.job.id!);
    await until(async () => (await observed(attempt.token)).kind === 'suspended');
    expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
  });

  test('a daemon that is down makes us blind, and says which command starts it', async () => {
    const attempt = await held();
    await daemon.end('SIGTERM');
    const down = { kind: 'blind', cause: 'queue', reason: expect.stringContaining('pueued -d') as string };
    expect(await scheduler.look([attempt.token], signal)).toMatchObject(down);
    expect(await scheduler.find(attempt.token, signal)).toMatchObject(down);
    expect(await scheduler.release(attempt, signal)).toMatchObject(down);
    expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject(down);
    expect(await scheduler.list(signal)).toMatchObject(down);
    expect(await scheduler.remove(attempt, signal)).toMatchObject(down);
    const token = lab.token('case2');
    lab.stage(token);
    expect(await create(token)).toMatchObject(down);
    expect(answers).not.toContain('.cargo/registry');
  });

  test('a daemon that hangs makes us blind, and no command hangs with it', async () => {
    const attempt = await held();
    process.kill(daemon.pid, 'SIGSTOP');
    try {
      const hung = { kind: 'blind', cause: 'queue', reason: expect.stringContaining('does not answer') as string };
      expect(await scheduler.look([attempt.token], signal)).toMatchObject(hung);
    } finally {
      process.kill(daemon.pid, 'SIGCONT');
    }
    expect(await observed(attempt.token)).toEqual({ kind: 'held' });
  });

  test('a client of another version makes us blind, and says so', async () => {
    const other = PUEUE_VERSIONS.find((candidate) => candidate !== version && hasPueue(candidate));
    if (other === undefined) return;
    const wrong = make({ path: path.join(pueueBinaries(other), 'pueue') });
    const outcome = await wrong.look([], signal);
    expect(outcome).toMatchObject({
      kind: 'blind',
      cause: 'queue',
      reason: expect.stringContaining('versions') as string,
    });
  });

  test('a client that is not there, or finds no configuration, makes us blind', async () => {
    const nowhere = await make({ path: 'no-pueue-here' }).look([], signal);
    expect(nowhere).toMatchObject({ cause: 'queue', reason: expect.stringContaining('scheduler.path') as string });
    const unread = await make({ config: '/nowhere/pueue.yml' }).look([], signal);
    expect(unread).toMatchObject({ cause: 'queue', reason: expect.stringContaining('scheduler.config') as string });
  });

  test.each(['not JSON at all', '{"tasks":{', '{"tasks":{},"groups":', '{"jobs":[]}'])(
    'an answer of pueue like %j makes us blind',
    async (answer) => {
      const attempt = await started();
      const fake = path.join(lab.root, 'fake pueue');
      writeFileSync(fake, `#!/bin/sh\nprintf '%s\\n' '${answer}'\n`);
      chmodSync(fake, 0o755);
      const garbled = make({ path: fake });
      expect(await garbled.look([attempt.token], signal)).toMatchObject({ kind: 'blind', cause: 'garbled' });
      expect((await garbled.stop(attempt, WHY, signal)).kind).toBe('blind');
      expect(await garbled.list(signal)).toMatchObject({ kind: 'blind', cause: 'garbled' });
    },
  );

  test('a warning before the status is passed over', async () => {
    const attempt = await held();
    const fake = path.join(lab.root, 'noisy');
    writeFileSync(fake, `#!/bin/sh\necho 'Different daemon version detected 9.9'\nexec '${daemon.client}' "$@"\n`);
    chmodSync(fake, 0o755);
    const noisy = make({ path: fake });
    expect(await noisy.look([attempt.token], signal)).toMatchObject({
      kind: 'looked',
      facts: [{ queue: { kind: 'held' } }],
    });
    expect(await noisy.release(attempt, signal)).toEqual({ kind: 'released' });
  });

  test('no environment travels, not even that of a task which somebody else has labelled so', async () => {
    const attempt = await started();
    const secret = { PATH: process.env['PATH'], HUNTER: `2}"\\ \n{"label":"x"}`, envs: '"envs":{' };
    const args = ['-c', daemon.config, 'add', '--stashed', '--label', attempt.token, '--', 'true'];
    await new Promise((resolve) => spawn(daemon.client, args, { env: secret }).once('close', resolve));
    expect((await daemon.pueue('status', '--json')).stdout).toContain('HUNTER');
    expect(await observed(attempt.token)).toEqual({ kind: 'executing' });
    expect(answers).not.toContain('HUNTER');
    expect(answers).toContain('envs');
    expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
    expect(answers).not.toContain('HUNTER');
  });

  test('a client that asks for confirmation gets it', async () => {
    const config = `${daemon.config}.asking`;
    writeFileSync(config, read(daemon.config).replace('client: {}', 'client: { show_confirmation_questions: true }'));
    const asking = make({ config });
    const attempt = await held();
    expect(await asking.revoke(attempt, WHY, signal)).toEqual({ kind: 'revoked' });
    expect(JSON.parse((await daemon.pueue('status', '--json')).stdout)).toMatchObject({ tasks: {} });
    expect(await asking.remove(attempt, signal)).toEqual({ kind: 'removed' });
    rmSync(config);
  });

  test.runIf(isRoot)('an add that fails on a full disk is unknown; its task is found, and runs once', async () => {
    const data = path.join(lab.root, 'pueue data');
    mkdirSync(data);
    const unmount = mountSmall(data, 256);
    const full = await startPueue(version, ['gpu0'], { dataDirectory: data });
    try {
      const filled = make({ path: full.client, config: full.config });
      const token = lab.token();
      lab.stage(token);
      // 3.4.1 hangs for ever when its disk fills up while it saves a new group
      await until(() => read(path.join(data, 'state.json')).includes('gpu0'));
      fillUp(path.join(data, 'fill'));
      const request = { spec: spec(token, { queue: 'gpu0' }), settledTokens: [] };
      const outcome = await filled.create(request, signal);
      expect(outcome).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('save') as string });
      rmSync(path.join(data, 'fill'));
      const found = await filled.find(token, signal);
      if (found.kind !== 'found') throw new Error(JSON.stringify(found));
      expect(await filled.release({ token, job: found.job }, signal)).toEqual({ kind: 'released' });
      await until(() => existsSync(file(token, 'end')));
      expect(runsOf(token)).toBe(1);
    } finally {
      await full.close();
      unmount();
    }
  });
});
