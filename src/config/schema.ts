import * as z from 'zod';
import { LOG_LEVELS } from './config.ts';
import { localPath } from './field.ts';
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
