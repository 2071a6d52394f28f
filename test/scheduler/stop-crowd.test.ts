import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { expect, test } from 'vitest';

import { createDirectScheduler } from '../../src/scheduler/direct.ts';
import { createLab, isAlive, kill, read, spec, until } from './lab.ts';

const CROWD = 6_000;
const signal = new AbortController().signal;

/** With its usual grace; a test that counted scans waited 5 s on an empty host, and minutes on this one. */
test('a job that ignores TERM is ended after its grace by the clock among 6,000 processes', async () => {
  const lab = createLab();
  const crowd = spawn('sh', ['-c', `i=0; while [ $i -lt ${CROWD} ]; do sleep 1000 & i=$((i + 1)); done; wait`], {
    stdio: 'ignore',
    detached: true,
  });
  try {
    const { root, instance } = lab;
    const scans = path.join(root, 'scans');
    const scheduler = createDirectScheduler({
      transport: {
        run: (command, options) =>
          lab.transport.run(command.replace('scan() {', `scan() { printf x >> '${scans}';`), options),
      },
      root,
      instance,
      host: 'host1',
    });
    expect(await scheduler.prepare(signal, true)).toMatchObject({ kind: 'prepared' });
    const token = lab.token();
    const directory = lab.stage(token);
    const command = `trap '' TERM; echo $$ > up; while :; do sleep 0.1; done`;
    await scheduler.create({ spec: spec(token, { command }), provenTokens: [] }, signal);
    await scheduler.release({ token, job: null }, signal);
    await until(() => read(path.join(directory, 'up')) !== '');
    await until(() => readFileSync(`/proc/${crowd.pid}/task/${crowd.pid}/children`, 'utf8').split(' ').length > CROWD);
    const began = performance.now();
    const outcome = await scheduler.stop({ token, job: null }, { who: 'test', why: 'crowd' }, signal);
    const took = performance.now() - began;
    expect(outcome).toMatchObject({ kind: 'gone', end: { kind: 'exited', exitCode: 137 } });
    expect(isAlive(Number(read(path.join(directory, 'up'))))).toBe(false);
    expect(took).toBeGreaterThanOrEqual(5_000);
    // a look a second for the grace, and those before and after it
    expect(read(scans).length).toBeLessThanOrEqual(14);
    // what it takes beyond its grace is a few looks, however busy the machine
    expect(took).toBeLessThan(40_000);
  } finally {
    kill(-crowd.pid!);
    await lab.close();
  }
});
