import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import { PUEUE_VERSIONS, hasPueue, startPueue } from '../lab/pueue.ts';
import { fillUp, isAlive, isRoot, mountSmall, processesOf, read, spec, until } from './lab.ts';
import { WHY, setUpPueue, signal } from './pueue-bench.ts';

// the contract (test/contract/scheduler-pueue.test.ts) says by name when one is missing
describe.each(PUEUE_VERSIONS.filter(hasPueue))('what crashes or is lost in pueue %s', (version) => {
  const bench = setUpPueue(version);
  const { held, started, looked, observed, runsOf, file, make } = bench;

  test('a daemon that was killed calls a job killed that lives: it executes, and its slot is kept', async () => {
    const attempt = await started();
    await bench.daemon.end('SIGKILL');
    expect(await bench.scheduler.look([attempt.token], signal)).toMatchObject({ kind: 'blind', cause: 'queue' });
    await bench.daemon.start();
    const { facts, observation } = await looked(attempt.token);
    expect(facts.queue).toEqual({ kind: 'ended', result: { kind: 'killed' } });
    expect(observation).toMatchObject({ kind: 'executing', aside: expect.stringContaining('was killed') });
    expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { exitCode: 143 } });
    expect(isAlive(attempt.payload)).toBe(false);
  });

  test('a release that a killed daemon forgot leaves the job held, and it is released again', async () => {
    const attempt = await held();
    expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
    await bench.daemon.end('SIGKILL');
    await bench.daemon.start();
    const before = await observed(attempt.token);
    // on a slow machine the daemon has started it before it was killed
    if (runsOf(attempt.token) === 0 && before.kind === 'held') {
      expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
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
      `${bench.daemon.pid}`,
    ]);
    let traced = '';
    tracer.stderr.on('data', (chunk: Buffer) => (traced += chunk.toString()));
    await until(() => traced.includes('attached'));
    await bench.scheduler.release(attempt, signal);
    await bench.daemon.ended();
    await until(() => runsOf(attempt.token) === 1);
    await bench.daemon.start();
    const { facts, observation } = await looked(attempt.token);
    expect(facts.queue).toEqual({ kind: 'held' });
    expect(observation).toEqual({ kind: 'executing' });
    // we would not release it; an operator's bare `enqueue` does
    await bench.daemon.pueue('enqueue', attempt.job.id!);
    await until(async () => (await looked(attempt.token)).facts.queue.kind === 'ended');
    expect((await looked(attempt.token)).facts.queue).toEqual({
      kind: 'ended',
      result: { kind: 'failed', exitCode: 113 },
    });
    expect(await observed(attempt.token)).toMatchObject({ kind: 'executing' });
    expect(runsOf(attempt.token)).toBe(1);
    expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
  });

  test('what pueue has cleaned away is still known by its receipts', async () => {
    const attempt = await started({ command: 'echo $$ >> ran; exit 4' });
    await until(async () => (await looked(attempt.token)).facts.queue.kind === 'ended');
    await bench.daemon.pueue('clean');
    expect((await looked(attempt.token)).facts.queue).toEqual({ kind: 'absent' });
    expect(await observed(attempt.token)).toEqual({ kind: 'ended', end: { kind: 'exited', exitCode: 4 } });
    expect(await bench.scheduler.find(attempt.token, signal)).toEqual({
      kind: 'found',
      job: { id: null, createdAt: null },
    });
  });

  test('a reset of pueue frees no slot while the job lives', async () => {
    const attempt = await started();
    await bench.daemon.pueue('reset', '--force');
    await until(async () => (await looked(attempt.token)).facts.queue.kind === 'absent');
    expect(await observed(attempt.token)).toEqual({ kind: 'executing' });
    expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
    expect(processesOf(attempt.token)).toEqual([]);
  });

  test.runIf(isRoot)('an add that fails on a full disk is unknown; its task is found, and runs once', async () => {
    const data = path.join(bench.lab.root, 'pueue data');
    mkdirSync(data);
    const unmount = mountSmall(data, 256);
    const full = await startPueue(version, ['gpu0'], { dataDirectory: data });
    try {
      const filled = make({ path: full.client, config: full.config });
      const token = bench.lab.token();
      bench.lab.stage(token);
      // 3.4.1 hangs for ever when its disk fills up while it saves a new group
      await until(() => read(path.join(data, 'state.json')).includes('gpu0'));
      fillUp(path.join(data, 'fill'));
      const request = { spec: spec(token, { queue: 'gpu0' }), provenTokens: [] };
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
