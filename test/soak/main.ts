// npm run soak: a real daemon that is killed every few seconds, on hosts that fail, for as long as is asked.
import { parseArgs } from 'node:util';

import { HOST_KINDS, soak } from './soak.ts';
import type { HostKind } from './soak.ts';

const USAGE = `npm run soak -- --minutes M [--seed S] [--host direct|pueue|both]   (1 minute of both, an own seed each time)
Exit code 1, and the evidence kept, when a promise was broken.`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now()) },
    host: { type: 'string', default: 'both' },
    help: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const kinds = values.host === 'both' ? HOST_KINDS : HOST_KINDS.filter((kind) => kind === values.host);

if (values.help || kinds.length === 0 || !(minutes > 0)) {
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  process.exitCode = await run(kinds);
}

async function run(chosen: readonly HostKind[]): Promise<number> {
  console.log(`soak of ${chosen.join(' and ')} for ${minutes} min, seed ${values.seed}`);
  const reports = await Promise.all(
    chosen.map((kind) =>
      soak({ kind, minutes, seed: values.seed, say: (line) => console.log(`${kind.padEnd(6)} ${line}`) }),
    ),
  );
  const broken = reports.flatMap((report) => report.broken);
  for (const report of reports) console.log(`${report.kind.padEnd(6)} ${report.summary}`);
  console.log(broken.length === 0 ? 'every promise was kept' : `${broken.length} promises were broken`);
  return broken.length === 0 ? 0 : 1;
}
