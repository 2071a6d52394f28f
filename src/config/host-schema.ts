import * as z from 'zod';
import { duration, environment, freeText, matching, NAME, NAME_EXPECTED, text, wholeNumber } from './field.ts';
import { schedulerSchema } from './scheduler-schema.ts';
import { GPU_NAME } from '../domain/gpu.ts';
import { transportSchema } from './transport-schema.ts';

const GPU_EXPECTED = 'a GPU as nvidia-smi names it, such as 0 or GPU-8932f937';
const gpuNumber = wholeNumber(0, 999);
const gpuName = matching(GPU_NAME, { expected: GPU_EXPECTED, examples: ['GPU-8932f937'] });

const slotSchema = z
  .strictObject({
    name: matching(NAME, { expected: NAME_EXPECTED, examples: ['gpu0'] }).describe(
      'Unique on its host. With `count: N` the slots are called NAME.1 … NAME.N.',
    ),
    queue: text({ expected: 'the name of a pueue group', examples: ['gpu0'] })
      .optional()
      .describe('The pueue group its jobs go to. Default: the name of the slot. Only with pueue.'),
    count: wholeNumber(1, 1000)
      .optional()
      .describe(
        'Makes this many equal slots, for a queue that hands out its GPUs itself. Default: one slot, called NAME.',
      ),
    gpu: z
      .union([
        gpuNumber,
        text({ expected: `${GPU_EXPECTED}, or none` }, (value) =>
          value === 'none' || GPU_NAME.test(value) ? null : `${GPU_EXPECTED}, or none`,
        ),
        z
          .array(z.union([gpuNumber, gpuName]).meta({ expected: GPU_EXPECTED }))
          .min(1)
          .meta({ expected: 'a list of GPUs' }),
      ])
      .meta({ expected: `${GPU_EXPECTED}, a list of them, or none`, examples: [0, [0, 1], 'none'] })
      .optional()
      .describe(
        "Which GPU of the host the slot is, by its index or UUID: while somebody else's process computes on it, as nvidia-smi says, the slot is not leased. `none`: not compared. Default: what `CUDA_VISIBLE_DEVICES` in the environment of its jobs says; without that it is not compared. nvidia-smi counts by PCI bus: where GPUs differ, set `CUDA_DEVICE_ORDER: PCI_BUS_ID` too, or name UUIDs.",
      ),
    env: environment()
      .prefault({})
      .meta({ examples: [{ CUDA_VISIBLE_DEVICES: '0' }] })
      .describe("Environment of the jobs on this slot; wins over the host's `env`."),
  })
  .meta({ expected: 'a map such as { name: gpu0, queue: gpu0 }' });

const hostSchema = z
  .strictObject({
    transport: transportSchema,
    scheduler: schedulerSchema,
    root: text({ expected: 'a path', examples: ['/scratch/mqi'] }).describe(
      'The directory on the host that holds everything of this installation, made when it is not there. On a file system with hard links and room for the cases. Absolute, or below `~/`; for a local host also relative.',
    ),
    prologue: freeText({ expected: 'commands for sh', examples: ['module load cuda/12'] })
      .optional()
      .describe('sh, run before the command in the same shell.'),
    env: environment()
      .prefault({})
      .meta({ examples: [{ OMP_NUM_THREADS: '4' }] })
      .describe('Environment of the jobs on this host.'),
    observe_every: duration({ min: '1s', max: '1h', example: '10s' })
      .prefault('10s')
      .describe(
        'How often the host is checked: one command for all its cases. The ends of jobs are noticed earlier, by hints; this is the safety net.',
      ),
    stall_after: duration({ min: '1s', max: '24h', example: '2m' })
      .prefault('2m')
      .describe(
        'A transfer without a byte for this long is given up and tried again. The same for a read or write of this machine: then the case is blocked, and the host is not to blame.',
      ),
    stop_grace: duration({ min: '0s', max: '1h', example: '10s' })
      .prefault('10s')
      .describe('How long a stopped job may take to end by itself before it is killed.'),
    keep: z
      .strictObject({
        completed: duration({ min: '0s', max: '3660d', example: '7d' })
          .prefault('7d')
          .describe('How long the attempt of a completed case stays on the host.'),
        failed: duration({ min: '0s', max: '3660d', example: '30d' })
          .prefault('30d')
          .describe('How long the attempt of a failed case stays on the host.'),
      })
      .meta({ expected: 'a map such as { completed: 7d, failed: 30d }' })
      .prefault({})
      .describe(
        "How long attempts stay on the host, counted while the daemon runs: a clock that is set removes nothing early. Collected results and the database's records are not touched.",
      ),
    stage_ahead: wholeNumber(1, 1000)
      .optional()
      .describe('How many cases wait there, uploaded, for a free slot. Default: one a slot.'),
    slots: z
      .array(slotSchema)
      .min(1)
      .meta({
        expected: 'a list of at least one slot such as { name: gpu0 }',
        examples: [[{ name: 'gpu0', queue: 'gpu0', env: { CUDA_VISIBLE_DEVICES: '0' } }]],
      })
      .describe('What one case at a time may hold: the GPUs of the host.'),
  })
  .meta({ expected: 'a map such as { root: /scratch/mqi, slots: [{ name: gpu0 }] }' });

export const hostsSchema = z
  .record(z.string(), hostSchema)
  .refine((hosts) => Object.keys(hosts).length > 0, 'at least one host')
  .meta({ expected: 'a map of names to hosts', propertyNames: { pattern: NAME.source } })
  .describe('The machines that run jobs, each under a name of your choice.');
