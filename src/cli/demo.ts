import { Command } from 'commander';

import { webOf } from '../store/queries.ts';
import type { Reader } from '../store/queries.ts';
import type { Cli } from './cli.ts';
import { optionsOf } from './cli.ts';
import { startDaemon } from './demo/daemon-process.ts';
import { followCases } from './demo/follow.ts';
import { dropCases, prepareSite, tidyUp } from './demo/site.ts';
import { summarize } from './demo/summary.ts';
import { EXIT } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { styled } from './screen.ts';
import { shellWord } from './shell-word.ts';

/** All of it: a machine on which this is not enough has another problem. */
const DEADLINE_MS = 55_000;
const PAGE_MS = 3_000;

export function demoCommand(cli: Cli): Command {
  return new Command('demo')
    .description('watch four cases go through a real daemon on this machine, to their results, in some seconds')
    .option('--dir <folder>', 'where to (else a fresh temporary folder)')
    .action(async (_: unknown, command: Command) => {
      const { dir } = optionsOf<{ readonly dir?: string }>(command);
      cli.exitWith(await demo(cli.io, dir ?? null));
    });
}

/** The page comes a moment after the daemon; one that does not come is no reason to wait for it. */
async function pageOf(io: Io, { db }: Reader, signal: AbortSignal): Promise<string | null> {
  const deadline = io.clock.monotonic() + PAGE_MS;
  for (;;) {
    const { url, trouble } = webOf(db);
    if (url !== null || trouble !== null || signal.aborted || io.clock.monotonic() >= deadline) return url;
    await io.clock.sleep(50, signal);
  }
}

async function demo(io: Io, folder: string | null): Promise<ExitCode> {
  const deadline = io.clock.monotonic() + DEADLINE_MS;
  const signal = io.interruption();
  const site = prepareSite(io, folder);
  io.out.line(styled('dim', 'configuration  '), site.config);
  io.out.line(styled('dim', 'daemon         '), `${io.self} run --config ${shellWord(site.config)}`);
  const daemon = startDaemon(site);
  try {
    const reader = await daemon.ready(io, deadline, signal);
    try {
      const url = await pageOf(io, reader, signal);
      if (url !== null) io.out.line(styled('dim', 'web page       '), url);
      const names = dropCases(site);
      io.out.line(styled('dim', 'dropped        '), `${names.join(', ')} into ${site.watch}`);
      io.out.line();
      const outcome = await followCases(io, { reader, daemon, names, deadline, signal });
      if (outcome === 'interrupted') {
        io.err.line('stopped; a job that was running ends by itself in some seconds. Tidy up: ', tidyUp(site));
        return EXIT.interrupted;
      }
      await daemon.stop(io);
      io.out.line();
      return summarize(io, reader.db, site, names, outcome);
    } finally {
      reader.close();
    }
  } finally {
    await daemon.stop(io);
  }
}
