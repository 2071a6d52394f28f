import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { addTallies, emptyTally, runSeeds } from './run-seeds.ts';
import type { Tally } from './run-seeds.ts';

interface Share {
  readonly from: number;
  readonly count: number;
}

type Message = { readonly line: string } | { readonly tally: Tally };

/** The seeds in equal shares, each in a process of its own. */
export async function runShares(
  from: number,
  count: number,
  jobs: number,
  tell: (line: string) => void,
): Promise<Tally> {
  if (jobs === 1) return runSeeds(from, count, tell);
  const size = Math.ceil(count / jobs);
  const shares = Array.from({ length: jobs }, (_, index) => ({
    from: from + index * size,
    count: Math.min(size, count - index * size),
  }));
  const tallies = await Promise.all(shares.map((share) => runShare(share, tell)));
  return tallies.reduce(addTallies, emptyTally());
}

function runShare({ from, count }: Share, tell: (line: string) => void): Promise<Tally> {
  return new Promise((resolve, reject) => {
    // it inherits --import, and with it the loader
    const worker = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [String(from), String(count)]);
    let tally: Tally | null = null;
    worker.on('message', (message: Message) => {
      if ('line' in message) tell(message.line);
      else tally = message.tally;
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (tally === null) reject(new Error(`the worker for the seeds from ${from} on ended with ${code}`));
      else resolve(tally);
    });
  });
}
