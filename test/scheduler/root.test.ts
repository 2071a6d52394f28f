import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { createDirectScheduler } from '../../src/scheduler/direct.ts';
import { takeOverRoot } from '../../src/scheduler/keep.ts';
import { createLab, fillUp, isRoot, mountSmall, read, spec, until } from './lab.ts';
import type { Lab } from './lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = createLab();
});
afterEach(() => lab.close());

const signal = new AbortController().signal;
const options = (change: { instance?: string; root?: string } = {}) => ({
  transport: lab.transport,
  root: lab.root,
  instance: lab.instance,
  host: 'host1',
  ...change,
});

test('a root has one owner, of many that prepare it at once', async () => {
  const instances = Array.from({ length: 8 }, (_, index) => `contender${index}`);
  const outcomes = await Promise.all(
    instances.map((instance) => createDirectScheduler(options({ instance })).prepare(signal, true)),
  );
  const owners = instances.filter((_, index) => outcomes[index]?.kind === 'prepared');
  expect(owners).toEqual([read(path.join(lab.root, 'owner')).trim()]);
});

test('a root is taken over by order, and its old owner is blind from then on', async () => {
  const old = createDirectScheduler(options({ instance: 'old1' }));
  await old.prepare(signal, true);
  const scheduler = createDirectScheduler(options());
  expect(await scheduler.prepare(signal, true)).toMatchObject({ kind: 'blind' });
  expect(await takeOverRoot(options(), signal)).toMatchObject({ kind: 'prepared' });
  expect(await scheduler.prepare(signal, true)).toMatchObject({ kind: 'prepared' });
  expect(await old.look([], signal)).toMatchObject({ kind: 'blind', cause: 'garbled' });
});

test('a root is taken over with all that the other installation had left to start: none of it can start', async () => {
  const old = createDirectScheduler(options({ instance: 'old1' }));
  await old.prepare(signal, true);
  const token = lab.token().replace(`mqi-${lab.instance}-`, 'mqi-old1-');
  lab.stage(token);
  expect(await old.create({ spec: spec(token), provenTokens: [] }, signal)).toMatchObject({ kind: 'created' });

  expect(await takeOverRoot(options(), signal)).toMatchObject({ kind: 'prepared' });
  expect(read(path.join(lab.directory(token), 'claim'))).toMatch(/^revoked mqi /);
  const started = spawnSync('sh', [path.join(lab.directory(token), 'job.sh')]);
  expect(started.status).toBe(113);
  expect(existsSync(path.join(lab.directory(token), 'ran'))).toBe(false);
});

test('a root is not taken over while processes of the other installation have outlived their job', async () => {
  const old = createDirectScheduler(options({ instance: 'old1' }));
  await old.prepare(signal, true);
  const token = lab.token().replace(`mqi-${lab.instance}-`, 'mqi-old1-');
  lab.stage(token);
  await old.create(
    { spec: { ...spec(token), command: 'setsid sleep 600 & echo $! > child' }, provenTokens: [] },
    signal,
  );
  await old.release({ token, job: null }, signal);
  await until(() => existsSync(path.join(lab.directory(token), 'end')));
  const child = Number(read(path.join(lab.directory(token), 'child')));
  expect(await takeOverRoot(options(), signal)).toMatchObject({
    kind: 'blind',
    reason: expect.stringMatching(
      new RegExp(`processes of the other installation still run there: ([0-9]+ )*of ${token}`),
    ),
  });
  process.kill(child, 'SIGKILL');
  await until(async () => (await takeOverRoot(options(), signal)).kind === 'prepared');
});

test('attempts that vanish under an owned root are missed, and never made anew', async () => {
  const scheduler = createDirectScheduler(options());
  await scheduler.prepare(signal, true);
  renameSync(path.join(lab.root, 'attempts'), path.join(lab.root, 'away'));
  for (const mayMake of [true, false]) {
    expect(await scheduler.prepare(signal, mayMake)).toMatchObject({
      kind: 'blind',
      reason: expect.stringContaining('attempts is not there'),
    });
  }
  expect(await scheduler.look([], signal)).toMatchObject({ kind: 'blind' });
  expect(existsSync(path.join(lab.root, 'attempts'))).toBe(false);
  renameSync(path.join(lab.root, 'away'), path.join(lab.root, 'attempts'));
  expect(await scheduler.prepare(signal, false)).toMatchObject({ kind: 'prepared' });
});

test('a root may lie below the home directory', async () => {
  const name = `.mqi lab-${process.pid}`;
  const link = path.join(homedir(), name);
  symlinkSync(lab.root, link);
  try {
    const scheduler = createDirectScheduler(options({ root: `~/${name}` }));
    expect(await scheduler.prepare(signal, true)).toMatchObject({ kind: 'prepared' });
    const token = lab.token();
    lab.stage(token);
    expect(await scheduler.create({ spec: spec(token), provenTokens: [] }, signal)).toMatchObject({ kind: 'created' });
    await scheduler.release({ token, job: null }, signal);
    await until(() => existsSync(path.join(lab.directory(token), 'end')));
    expect(read(path.join(lab.directory(token), 'ran'))).toBe('ran\n');
  } finally {
    unlinkSync(link);
  }
});

test.runIf(isRoot)('a full disk blocks creation, and neither revokes, stops nor loses anything', async () => {
  const unmount = mountSmall(lab.root);
  try {
    const scheduler = createDirectScheduler(options());
    await scheduler.prepare(signal, true);
    const token = lab.token();
    lab.stage(token);
    fillUp(path.join(lab.root, 'fill'));
    const attempt = { token, job: null };
    const why = { who: 'test', why: 'full' };
    expect(await scheduler.create({ spec: spec(token), provenTokens: [] }, signal)).toMatchObject({ kind: 'blocked' });
    expect(await scheduler.find(token, signal)).toMatchObject({ kind: 'not_yet' });
    expect(await scheduler.revoke(attempt, why, signal)).toMatchObject({ kind: 'not_yet' });
    expect(await scheduler.stop(attempt, why, signal)).toMatchObject({ kind: 'not_yet' });
    // what is removed for good needs no room: that is how room is made
    const over = lab.token('over');
    mkdirSync(path.join(lab.root, 'attempts', over));
    expect(await scheduler.remove({ token: over, job: null }, signal)).toEqual({ kind: 'removed' });
    fillUp(path.join(lab.root, 'fill'));
    rmSync(path.join(lab.root, 'fill'));
    expect(await scheduler.stop(attempt, why, signal)).toMatchObject({ kind: 'gone', end: null });
  } finally {
    unmount();
  }
});
