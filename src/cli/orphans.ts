import { Command } from 'commander';

import { listOrphans } from '../store/queries.ts';
import type { Orphan } from '../store/queries.ts';
import { orphanShape } from '../views/shapes.ts';
import { JSON_OPTION, optionsOf } from './cli.ts';
import type { Cli, JsonOption } from './cli.ts';
import { EXIT } from './exit-code.ts';
import type { Io } from './io.ts';
import { styled } from './screen.ts';
import { withSession } from './session.ts';
import { place } from './words.ts';

export function orphansCommand(cli: Cli): Command {
  return new Command('orphans')
    .description('jobs found on a host that no live case owns, with the evidence')
    .option(...JSON_OPTION)
    .action(async (_: unknown, self: Command) => {
      const options = optionsOf<JsonOption>(self);
      await withSession(cli.io, options, 'read', ({ db }) => {
        const orphans = listOrphans(db);
        if (options.json === true) cli.io.out.json({ orphans: orphans.map(orphanShape) });
        else print(cli.io, orphans);
      });
      cli.exitWith(EXIT.ok);
    });
}

/** A block each: the evidence is a sentence, and there are few. */
function print(io: Io, orphans: readonly Orphan[]): void {
  if (orphans.length === 0) io.out.line('no orphans: every job that was found belongs to a case');
  for (const orphan of orphans) {
    io.out.line(styled('bold', orphan.token), `  on ${place(orphan.host, orphan.slot)}`);
    io.out.line(`  case  ${orphan.caseName ?? 'none that this database knows'}, attempt ${orphan.number}`);
    io.out.line(`  found ${orphan.orphan ?? ''}`);
    io.out.line(styled('dim', '  next: '), nextFor(orphan));
  }
}

function nextFor(orphan: Orphan): string {
  if (orphan.caseId !== null) return `mqi cases adopt ${orphan.caseId} --token ${orphan.token}`;
  const slot = orphan.slot === null ? '' : `, then mqi slots clear ${place(orphan.host, orphan.slot)}`;
  return `end its processes on ${orphan.host} (MQI_TOKEN=${orphan.token} in their environment)${slot}`;
}
