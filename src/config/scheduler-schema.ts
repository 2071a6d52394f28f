import * as z from 'zod';
import { hostPath } from './field.ts';

/** Known by name and answered as such, so that nobody takes them for a typo. */
export const PLANNED_SCHEDULERS: Readonly<Record<string, string>> = {
  slurm:
    'pueue or direct: slurm is not built yet, use { type: pueue } (or { type: direct } where no queue is installed)',
};

export const schedulerSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({ type: z.literal('direct').describe('No queue: the job is started by itself, one a slot.') })
      .describe('For hosts without a queue.'),
    z
      .strictObject({
        type: z.literal('pueue').describe('The queue is a running pueued, of the user who logs in.'),
        config: hostPath('~/.config/pueue/pueue.yml')
          .optional()
          .describe("pueue's configuration file on the host. Default: where pueue looks for it itself."),
        path: hostPath('~/.cargo/bin/pueue')
          .optional()
          .describe('The pueue program on the host. Default: the first `pueue` of the PATH.'),
      })
      .describe('For hosts with pueue.'),
  ])
  .meta({ expected: 'a map such as { type: pueue }', examples: [{ type: 'pueue' }] })
  .prefault({ type: 'direct' })
  .describe('What queues jobs on the host.');
