import { parseArgs } from 'node:util';

import { MUTANTS, hunt } from './mutants/hunt.ts';
import { runSeeds } from './run-seeds.ts';
import { replay } from './replay.ts';

const USAGE = `npm run simulate -- --seeds N --from S   N worlds, from seed S on (1000 from 1)
npm run simulate -- --seed S [--full]    one world again, its history printed
npm run simulate -- --mutants            every broken variant, until it is caught
                    --most N             gives up on a variant after N seeds`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    full: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string' },
    most: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(USAGE);
else if (values.mutants) process.exitCode = await runMutants(values.only, values.most);
else if (values.seed !== undefined) process.exitCode = await replay(values.seed, values.full);
else process.exitCode = await runSeeds(Number(values.from), Number(values.seeds), Number(values.jobs));

async function runMutants(only: string | undefined, most: string | undefined): Promise<number> {
  let free = 0;
  for (const mutant of MUTANTS) {
    if (only !== undefined && !mutant.name.includes(only)) continue;
    const { caught } = await hunt(mutant, most === undefined ? mutant.within : Number(most));
    if (caught === null) free += 1;
    const how =
      caught === null
        ? `NOT CAUGHT in ${most ?? mutant.within} seeds`
        : `caught at seed ${caught.seeds}: promise ${caught.violation.promise}: ${caught.violation.text}`;
    console.log(`${caught === null ? 'FAIL' : 'ok  '} ${mutant.name}: ${how}`);
  }
  return free === 0 ? 0 : 1;
}
