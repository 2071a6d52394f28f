import { loadConfig } from '../../config/load.ts';
import type { LoadOutcome } from '../../config/load.ts';
import { formatProblem } from '../../config/problem.ts';
import type { Io } from '../io.ts';
import type { GlobalOptions } from '../session.ts';
import { fail, ok, warn } from './check.ts';
import type { Check } from './check.ts';

export function loadFor(io: Io, options: GlobalOptions): LoadOutcome {
  return loadConfig({
    file: options.config,
    environment: { ...io.env, MQI_DEBUG: undefined },
    cwd: io.cwd,
    overrides: options.database === undefined ? {} : { database: options.database },
  });
}

export function configCheck(outcome: LoadOutcome): Check {
  return {
    name: 'configuration',
    run() {
      if (outcome.kind === 'invalid') {
        const [first] = outcome.problems;
        const more = outcome.problems.length - 1;
        const rest = more > 0 ? `; and ${more} more` : '';
        return fail(`${first === undefined ? 'it is wrong' : formatProblem(first)}${rest}`, 'mqi config check');
      }
      const { file, hosts } = outcome.config;
      if (file === null) return warn('no mqi.yaml: the built-in defaults are in force', 'mqi config init');
      return ok(`${file}, hosts ${hosts.map((host) => host.name).join(', ')}`);
    },
  };
}
