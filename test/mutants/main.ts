// npm run mutants: small wrong changes, one at a time, each until a test has turned red.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

import { MUTANTS } from './all.ts';
import type { Mutant } from './mutant.ts';

const USAGE = `npm run mutants -- [--part ${[...MUTANTS.keys()].join('|')}] [--only TEXT] [--limit SECONDS]
Tries each small wrong change in a copy of the work tree, and runs the tests that have to see it. The last line counts.
(npm run simulate -- --mutants tries those of whole histories.)`;

const { values } = parseArgs({
  options: {
    part: { type: 'string' },
    only: { type: 'string', default: '' },
    limit: { type: 'string', default: '300' },
    help: { type: 'boolean', default: false },
  },
});

/** `hung`: its tests neither failed nor passed in time: a suite that hangs tells nobody anything. */
type Outcome = 'caught' | 'SURVIVED' | 'HUNG';

if (values.help) console.log(USAGE);
else process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = [...MUTANTS]
    .filter(([part]) => values.part === undefined || part === values.part)
    .flatMap(([, mutants]) => mutants)
    .filter(({ name }) => name.includes(values.only));
  if (chosen.length === 0) {
    console.error(USAGE);
    return 2;
  }
  const copy = copyOfTree();
  try {
    const counts = { caught: 0, SURVIVED: 0, HUNG: 0 };
    for (const mutant of chosen) {
      const outcome = await tried(copy, mutant);
      counts[outcome] += 1;
      console.log(`${outcome.padEnd(8)} ${mutant.file}: ${mutant.name}`);
    }
    console.log(`${counts.caught} caught, ${counts.SURVIVED} survived, ${counts.HUNG} hung`);
    return counts.SURVIVED + counts.HUNG === 0 ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Nobody's work tree is ever wrong, not even for a moment: what is tried is a copy of the tracked files. */
function copyOfTree(): string {
  const top = process.cwd();
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  const copy = mkdtempSync(join(tmpdir(), 'mqi-mutants-'));
  for (const file of listed.stdout.split('\0').filter((name) => name !== '' && name !== 'node_modules')) {
    mkdirSync(join(copy, dirname(file)), { recursive: true });
    cpSync(join(top, file), join(copy, file), { verbatimSymlinks: true });
  }
  symlinkSync(join(top, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

async function tried(copy: string, { name, file, find, replace, tests }: Mutant): Promise<Outcome> {
  const path = join(copy, file);
  const whole = readFileSync(path, 'utf8');
  const places = whole.split(find).length - 1;
  if (places !== 1) throw new Error(`${name}: its place in ${file} was found ${places} times`);
  writeFileSync(
    path,
    whole.replace(find, () => replace),
  );
  try {
    return await run(copy, tests);
  } finally {
    writeFileSync(path, whole);
  }
}

function run(copy: string, tests: readonly string[]): Promise<Outcome> {
  // a group of its own: what the tests have started ends with them
  const child = spawn('npx', ['vitest', 'run', '--bail', '1', ...tests], {
    cwd: copy,
    stdio: 'ignore',
    detached: true,
  });
  return new Promise((resolve, reject) => {
    let isLate = false;
    const late = setTimeout(
      () => {
        isLate = true;
        process.kill(-child.pid!, 'SIGKILL');
      },
      Number(values.limit) * 1_000,
    );
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(late);
      resolve(isLate ? 'HUNG' : code === 0 ? 'SURVIVED' : 'caught');
    });
  });
}
