import type { ConfigInput } from './schema.ts';

/**
 * What runs where there is no file: this machine, no queue, everything below the working directory. A case brings its
 * own `run.sh`, so that a first try needs nothing but a folder.
 */
export const EMBEDDED = {
  // short: a first try is copied by hand on a local disk, and should feel alive
  watch: { path: './new_cases', quiet_period: '2s' },
  results: './results',
  database: './var/mqi.db',
  job: { command: 'sh {inputs}/run.sh' },
  hosts: { local: { root: './var/host', slots: [{ name: 'cpu' }] } },
} as const satisfies ConfigInput;
