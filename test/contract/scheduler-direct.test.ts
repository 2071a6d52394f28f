import { existsSync } from 'node:fs';

import { createDirectScheduler } from '../../src/scheduler/direct.ts';
import { createLab } from '../scheduler/lab.ts';
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
        graceMs: 500,
        ...options,
      }),
    settle: () => Promise.resolve(),
    close: () => lab.close(),
  });
}

schedulerContract('direct', () => make());

// RHEL and its kin, the most of all HPC hosts: sh is bash
if (existsSync('/bin/bash')) schedulerContract('direct, where sh is bash', () => make('/bin/bash'));
