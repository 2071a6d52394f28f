import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createDirectScheduler } from '../../src/scheduler/direct.ts';
import { jobScript } from '../../src/scheduler/job-script.ts';
import { judge } from '../../src/scheduler/judge.ts';
import { parseEnd } from '../../src/scheduler/receipts.ts';
import type { Scheduler } from '../../src/scheduler/scheduler.ts';
import { shells } from '../lab/shells.ts';
import { exitOf } from './job-bench.ts';
import { createLab, isAlive, read, spec, until } from './lab.ts';
import type { Lab } from './lab.ts';

const signal = new AbortController().signal;
const WHY = { who: 'test', why: `it's a "test"` };

describe.each(shells)('where sh is $name', ({ path: shell }) => {
  let lab: Lab;
  let scheduler: Scheduler;
  beforeEach(() => {
    lab = createLab(shell);
    const { transport, root, instance } = lab;
    scheduler = createDirectScheduler({ transport, root, instance, host: 'host1', graceMs: 300 });
  });
  afterEach(() => lab.close());

  test('each exit code from 0 to 255 of a job is read back with its number', async () => {
    const bin = path.join(lab.root, 'bin');
    mkdirSync(bin);
    symlinkSync(shell, path.join(bin, 'sh'));
    // nothing here outlives a power cut
    writeFileSync(path.join(bin, 'sync'), '#!/bin/sh\n');
    chmodSync(path.join(bin, 'sync'), 0o755);
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']!}` };
    async function run(code: number): Promise<void> {
      const token = lab.token(`case${code}x`);
      const directory = lab.stage(token);
      const file = path.join(directory, 'job.sh');
      // as a program ends, and as a shell does
      const command = code % 2 === 0 ? `exec sh -c 'exit ${code}'` : `exit ${code}`;
      writeFileSync(file, jobScript(spec(token, { command }), lab.root));
      expect(await exitOf(spawn(path.join(bin, 'sh'), [file], { stdio: 'ignore', cwd: '/', env }))).toBe(code);
      const [line, rest] = read(path.join(directory, 'end')).split('\n');
      expect([line, rest]).toEqual([expect.stringMatching(/^exited \d+ \d+ \d+$/), '']);
      expect(parseEnd('whole', line!)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: code } });
    }
    for (let first = 0; first < 256; first += 4) await Promise.all([0, 1, 2, 3].map((offset) => run(first + offset)));
  });

  test('a job is created, followed, found, stopped and removed', async () => {
    expect(await scheduler.prepare(signal, true)).toMatchObject({ kind: 'prepared' });
    const token = lab.token();
    const directory = lab.stage(token);
    const command = `trap '' TERM; echo $$ > up; echo out > out; while :; do sleep 0.1; done`;
    const created = await scheduler.create({ spec: spec(token, { command }), provenTokens: [] }, signal);
    if (created.kind !== 'created') throw new Error(JSON.stringify(created));
    const attempt = { token, job: created.job };
    const observe = async (): Promise<string> => {
      const look = await scheduler.look([lab.token('nobody'), token], signal);
      if (look.kind === 'blind') throw new Error(look.reason);
      expect(judge(look.facts[0]!, look.node)).toMatchObject({ kind: 'missing' });
      return judge(look.facts[1]!, look.node).kind;
    };
    expect(await observe()).toBe('held');
    expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
    await until(() => read(path.join(directory, 'up')) !== '');
    expect(await observe()).toBe('executing');
    expect(await scheduler.find(token, signal)).toMatchObject({ kind: 'found' });
    expect(await scheduler.revoke(attempt, WHY, signal)).toEqual({ kind: 'claimed' });
    const payload = Number(read(path.join(directory, 'up')));
    const end = { kind: 'exited', exitCode: 137 };
    expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
    expect(isAlive(payload)).toBe(false);
    expect(read(path.join(directory, 'outputs'))).toContain('4 ./out\0');
    expect(await observe()).toBe('ended');
    expect(await scheduler.gpus(signal)).toMatchObject({ kind: expect.stringMatching(/^(gpus|unknown)$/) as string });
    expect(await scheduler.copied('/nowhere', [token], signal)).toEqual({ kind: 'copied', tokens: [] });
    expect(await scheduler.list(signal)).toMatchObject({ attempts: [{ token }], staging: [] });
    expect(await scheduler.remove(attempt, signal)).toEqual({ kind: 'removed' });
    expect(existsSync(directory)).toBe(false);
    mkdirSync(path.join(lab.root, 'staging', token, 'inputs'), { recursive: true });
    expect(await scheduler.sweepStaging([token], signal)).toEqual({ kind: 'swept', left: [] });
    expect(await scheduler.list(signal)).toMatchObject({ attempts: [], staging: [] });
  });

  test('a job that was killed whole is lost, one that is revoked never runs, and a claim that is a folder is hers alone', async () => {
    await scheduler.prepare(signal, true);
    const attempts = [];
    for (const caseId of ['a', 'b', 'c', 'd']) {
      const token = lab.token(caseId);
      lab.stage(token);
      const created = await scheduler.create(
        { spec: spec(token, { command: 'echo up > up; exec sleep 100' }), provenTokens: [] },
        signal,
      );
      if (created.kind !== 'created') throw new Error(JSON.stringify(created));
      attempts.push({ token, job: created.job });
    }
    const [killed, revoked, odd, hidden] = attempts as unknown as [Attempt, Attempt, Attempt, Attempt];
    await scheduler.release(killed, signal);
    await until(() => read(path.join(lab.directory(killed.token), 'up')) !== '');
    expect(await scheduler.revoke(revoked, WHY, signal)).toEqual({ kind: 'revoked' });
    expect(await scheduler.release(revoked, signal)).toEqual({ kind: 'missing' });
    mkdirSync(path.join(lab.directory(odd.token), 'claim'));
    rmSync(lab.directory(hidden.token), { recursive: true });
    writeFileSync(lab.directory(hidden.token), '');
    const look = await scheduler.look(
      attempts.map(({ token }) => token),
      signal,
    );
    if (look.kind === 'blind') throw new Error(look.reason);
    expect(look.facts.map((facts) => judge(facts, look.node).kind)).toEqual([
      'executing',
      'missing',
      'unknown',
      'unknown',
    ]);
    expect(await scheduler.release(odd, signal)).toMatchObject({ kind: 'blocked' });
    expect(await scheduler.find(hidden.token, signal)).toMatchObject({ kind: 'not_yet' });
    const mute = createDirectScheduler({
      // its own shells are ended before it can write how it ended
      transport: {
        run: (command, options) => lab.transport.run(command.replaceAll('send TERM none', 'send KILL none'), options),
      },
      root: lab.root,
      instance: lab.instance,
      host: 'host1',
    });
    expect(await mute.stop(killed, WHY, signal)).toMatchObject({ kind: 'gone', end: { kind: 'lost' } });
  });
});

type Attempt = Parameters<Scheduler['release']>[0];
