import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { judge } from '../../src/scheduler/judge.ts';
import { createDirectScheduler } from '../../src/scheduler/direct.ts';
import type { Scheduler } from '../../src/scheduler/scheduler.ts';
import { createLab, isRoot, processesOf, read, spec, until } from './lab.ts';
import type { Lab } from './lab.ts';

const signal = new AbortController().signal;
const WHY = { who: 'test', why: 'power cut' };
const hasTools = ['/usr/sbin/xfs_io', '/usr/sbin/mkfs.ext4', '/dev/loop-control'].every((file) => existsSync(file));

/** What is not flushed is lost when the host's power fails: a file system on a loop file, shut down without its log. */
describe.runIf(isRoot && hasTools)('after a power cut of the host', () => {
  let lab: Lab;
  let image: string;
  let mountPoint: string;
  let scheduler: Scheduler;
  let token: string;
  const run = (command: string, ...args: string[]): Buffer => execFileSync(command, args, { stdio: 'pipe' });

  beforeEach(async () => {
    lab = createLab();
    image = path.join(lab.root, 'image');
    mountPoint = path.join(lab.root, 'disk');
    mkdirSync(mountPoint);
    run('truncate', '-s', '16M', image);
    run('mkfs.ext4', '-q', image);
    run('mount', '-o', 'loop', image, mountPoint);
    scheduler = createDirectScheduler({
      transport: lab.transport,
      root: path.join(mountPoint, 'root'),
      instance: lab.instance,
      host: 'host1',
    });
    await scheduler.prepare(signal, true);
    token = lab.token();
    mkdirSync(path.join(directory(), 'inputs'), { recursive: true });
    // as an upload leaves it: flushed
    run('cp', '/dev/null', path.join(directory(), 'manifest'));
    run('sync');
    expect(await scheduler.create({ spec: spec(token), provenTokens: [] }, signal)).toMatchObject({ kind: 'created' });
  });
  afterEach(async () => {
    run('umount', '-l', mountPoint);
    await lab.close();
  });

  const directory = (): string => path.join(mountPoint, 'root', 'attempts', token);
  const runs = (): string => read(path.join(directory(), 'ran'));

  function cutPower(): void {
    run('xfs_io', '-x', '-c', 'shutdown', mountPoint);
    run('umount', '-l', mountPoint);
    run('mount', '-o', 'loop', image, mountPoint);
  }

  async function observed() {
    const look = await scheduler.look([token], signal);
    if (look.kind === 'blind') throw new Error(look.reason);
    return judge(look.facts[0]!, look.node);
  }

  test('a root still has its owner, and a created job is held', async () => {
    cutPower();
    expect(await scheduler.prepare(signal, true)).toMatchObject({ kind: 'prepared' });
    expect(await observed()).toEqual({ kind: 'held' });
    await scheduler.release({ token, job: null }, signal);
    await until(async () => (await observed()).kind === 'ended');
    expect(runs()).toBe('ran\n');
  });

  test('a job that was revoked or stopped still never runs', async () => {
    expect(await scheduler.revoke({ token, job: null }, WHY, signal)).toEqual({ kind: 'revoked' });
    cutPower();
    expect(await scheduler.release({ token, job: null }, signal)).toEqual({ kind: 'missing' });
    expect(await scheduler.stop({ token, job: null }, WHY, signal)).toMatchObject({ kind: 'gone', end: null });
    expect(runs()).toBe('');
  });

  test('a job that ran is known to have run, and how it ended', async () => {
    await scheduler.release({ token, job: null }, signal);
    await until(() => existsSync(path.join(directory(), 'end')) && processesOf(token).length === 0);
    cutPower();
    expect(await observed()).toEqual({ kind: 'ended', end: { kind: 'exited', exitCode: 0 } });
    expect(read(path.join(directory(), 'outputs'))).toContain('./ran\0');
  });
});
