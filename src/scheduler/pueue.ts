import { createScheduler } from './host-scheduler.ts';
import type { SchedulerOptions } from './host-session.ts';
import { pueueFunctions } from './pueue-commands.ts';
import type { PueueOptions } from './pueue-commands.ts';
import { readPueueStatus } from './pueue-status.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * pueue 3.4 and 4.x: a daemon of the user's own on one host. Its word that a job is over is no proof: after a SIGKILL it
 * calls jobs killed that go on.
 */
export function createPueueScheduler(options: SchedulerOptions & PueueOptions): Scheduler {
  return createScheduler(
    {
      kind: 'pueue',
      functions: pueueFunctions(options, options.instance),
      read: (text) => readPueueStatus(text, options.instance),
      terminalIsProof: false,
    },
    options,
  );
}
