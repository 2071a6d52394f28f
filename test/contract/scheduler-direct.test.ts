import { existsSync } from 'node:fs';
import path from 'node:path';

import { expect, test } from 'vitest';

import { createDirectScheduler } from '../../src/scheduler/direct.ts';
import { createLab, read, spec, until } from '../scheduler/lab.ts';
import { schedulerContract } from './scheduler.contract.ts';
import type { SchedulerUnderTest } from './scheduler.contract.ts';

function make(shell?: string): Promise<SchedulerUnderTest> {
  const lab = createLab(shell);
  return Promise.resolve({
    lab,
    queue: null,
    scheduler: (options) =>
      createDirectScheduler({
        transport: lab.transport,
        root: lab.root,
        instance: lab.instance,
        host: 'host1',
        graceMs: 2_500,
        ...options,
      }),
    quiesce: () => Promise.resolve(),
    close: () => lab.close(),
  });
}

schedulerContract('direct', () => make());

// RHEL and its kin, the most of all HPC hosts: sh is bash
if (existsSync('/bin/bash')) schedulerContract('direct, where sh is bash', () => make('/bin/bash'));

test('a direct job has the locale of its host, not the one that our commands work in', async () => {
  const sut = await make();
  const { lab } = sut;
  const signal = new AbortController().signal;
  const direct = sut.scheduler();
  await direct.prepare(signal, true);
  const token = lab.token();
  lab.stage(token);
  await direct.create({ spec: spec(token, { command: 'echo "${LC_ALL-none}"' }), provenTokens: [] }, signal);
  await direct.release({ token, job: null }, signal);
  await until(() => existsSync(path.join(lab.directory(token), 'end')));
  expect(read(path.join(lab.directory(token), 'stdout')).trim()).toBe(process.env['LC_ALL'] ?? 'none');
  await sut.close();
});
