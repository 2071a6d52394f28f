import * as z from 'zod';
import { LOG_LEVELS } from './config.ts';
import { duration, localPath } from './field.ts';
import { hostsSchema } from './host-schema.ts';
import { jobSchema } from './job-schema.ts';
import { notifySchema } from './notify-schema.ts';
import { watchSchema } from './watch-schema.ts';
import { webSchema } from './web-schema.ts';

/**
 * The YAML file, key by key: its rules, defaults and documentation in one place. `config schema`, docs/configuration.md,
 * the names of the environment variables and the words of every error are derived from it.
 */
export const configSchema = z
  .strictObject({
    watch: watchSchema,
    results: localPath('/data/results').describe(
      'The folder that collected results come to: `RESULTS/CASE/attempt-N`.',
    ),
    database: localPath('/var/lib/mqi/mqi.db').describe(
      'The SQLite file that remembers everything. On a local disk: a network file system is refused.',
    ),
    job: jobSchema,
    hosts: hostsSchema,
    web: webSchema,
    notify: notifySchema,
    keep: z
      .strictObject({
        journal: duration({ min: '1d', max: '3660d', example: '90d' })
          .prefault('90d')
          .describe(
            'How long the journal of a case is kept after the case has ended. The case itself, its attempts and its results stay, and no counter goes back.',
          ),
      })
      .meta({ expected: 'a map such as { journal: 90d }' })
      .prefault({})
      .describe('How long the database keeps its history. What stays on the hosts: `hosts.NAME.keep`.'),
    log: z
      .strictObject({
        level: z.enum(LOG_LEVELS).prefault('info').describe('The least important kind of line that is logged.'),
      })
      .meta({ expected: 'a map such as { level: info }' })
      .prefault({})
      .describe('What the daemon says about itself.'),
  })
  .meta({ title: 'mqi-communicator configuration', expected: 'a map of keys such as watch, results, job and hosts' });

/** As written: what the file may hold. */
export type ConfigInput = z.input<typeof configSchema>;
/** As understood: defaults filled in, durations in milliseconds; paths still as written. */
export type ConfigOutput = z.output<typeof configSchema>;
