import { describe, test } from 'vitest';

import { createPueueScheduler } from '../../src/scheduler/pueue.ts';
import { PUEUE_VERSIONS, hasPueue, pueueBinaries, startPueue } from '../lab/pueue.ts';
import type { PueueDaemon, PueueVersion } from '../lab/pueue.ts';
import { createLab, until } from '../scheduler/lab.ts';
import { schedulerContract } from './scheduler.contract.ts';
import type { SchedulerUnderTest } from './scheduler.contract.ts';

async function make(version: PueueVersion): Promise<SchedulerUnderTest> {
  const lab = createLab();
  const daemon = await startPueue(version, ['gpu0']);
  return {
    lab,
    queue: 'gpu0',
    scheduler: (options) =>
      createPueueScheduler({
        transport: lab.transport,
        root: lab.root,
        instance: lab.instance,
        host: 'host1',
        graceMs: 2_500,
        config: daemon.config,
        path: daemon.client,
        ...options,
      }),
    quiesce: () => idle(daemon),
    close: async () => {
      await lab.close();
      await daemon.close();
    },
  };
}

/** pueue notices once in 300 ms that a process has ended. */
async function idle(daemon: PueueDaemon): Promise<void> {
  await until(
    async () =>
      !/"(Running|Queued)"|\{"(Running|Queued)":/.test(tasksOf((await daemon.pueue('status', '--json')).stdout)),
  );
}

function tasksOf(status: string): string {
  return status.slice(0, status.indexOf('"groups":'));
}

for (const version of PUEUE_VERSIONS) {
  if (hasPueue(version)) {
    schedulerContract(`pueue ${version}`, () => make(version));
    continue;
  }
  describe(`the scheduler pueue ${version}`, () => {
    const missing = `${pueueBinaries(version)} is missing: test/lab/install.sh builds it below MQI_LAB`;
    test(`is not tested: ${missing}`, (context) => {
      // a part that is missing fails CI, where it was to be built
      if (process.env['CI']) throw new Error(missing);
      context.skip();
    });
  });
}
