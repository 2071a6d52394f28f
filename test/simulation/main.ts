// npm run simulate: worlds out of seeds, one world again, or the broken variants.
import { parseArgs } from 'node:util';

import { huntAll } from './mutants/hunt.ts';
import { replay } from './replay.ts';
import { runShares } from './workers.ts';

const USAGE = `npm run simulate -- --seeds N --from S [--jobs J]   N worlds from seed S on, in J processes (1000 from 1 in 1)
npm run simulate -- --seed S [--full]               one world again, as short as it fails; or all of its history
npm run simulate -- --mutants [--only TEXT] [--most N]   broken variants, until each is caught, in N seeds at most`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    seed: { type: 'string' },
    full: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    most: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(USAGE);
else if (values.mutants) process.exitCode = await catchMutants();
else if (values.seed !== undefined) process.exitCode = await replay(values.seed, values.full);
else process.exitCode = await runWorlds();

async function catchMutants(): Promise<number> {
  const most = values.most === undefined ? null : Number(values.most);
  let free = 0;
  let hunted = 0;
  for await (const { mutant, caught, text } of huntAll(values.only, most)) {
    hunted += 1;
    if (!caught) free += 1;
    console.log(`${caught ? 'ok  ' : 'FAIL'} ${mutant.name}: ${text}`);
  }
  if (hunted === 0) console.error(`no broken variant is named like ${values.only}`);
  return free === 0 && hunted > 0 ? 0 : 1;
}

async function runWorlds(): Promise<number> {
  const begun = performance.now();
  const tally = await runShares(Number(values.from), Number(values.seeds), Number(values.jobs), (line) =>
    console.log(line),
  );
  const seconds = (performance.now() - begun) / 1000;
  const { worlds, crashes, blindSpells, spared, virtualMs, failed } = tally;
  console.log(
    `${worlds} worlds in ${seconds.toFixed(1)} s (${(worlds / seconds).toFixed(1)}/s), ${(virtualMs / 3_600_000).toFixed(1)} virtual hours: ` +
      `${crashes} crashes, ${blindSpells} blind spells; ${spared} worlds were spared either, ${failed.length} broke a promise`,
  );
  if (failed[0] !== undefined) await replay(failed[0], false);
  return worlds > 0 && failed.length === 0 && spared === 0 ? 0 : 1;
}
