import { Command } from 'commander';

import { listOrphans } from '../store/queries.ts';
import type { Orphan, ReadDb } from '../store/queries.ts';
import { orphanShape } from '../views/shapes.ts';
import { nearestNames } from './case-ref.ts';
import { CliError } from './cli-error.ts';
import { DRY_RUN_OPTION, JSON_OPTION, WHY_OPTION, optionsOf } from './cli.ts';
import type { Cli, JsonOption } from './cli.ts';
import { EXIT } from './exit-code.ts';
import type { Io } from './io.ts';
import { giveOrders } from './order.ts';
import { agreed, dryRun } from './repair.ts';
import type { Effects, RepairOptions } from './repair.ts';
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
    })
    .addCommand(killCommand(cli));
}

function killCommand(cli: Cli): Command {
  return new Command('kill')
    .argument('<token>', 'as mqi orphans lists it')
    .description('end an orphan until it is proven gone, and give its slot back')
    .requiredOption(...WHY_OPTION)
    .option('--yes', 'do not ask')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (token: string, _: unknown, self: Command) => {
      const options = optionsOf<RepairOptions>(self);
      await withSession(cli.io, options, 'orders', async (session) => {
        const orphan = orphanNamed(session.db, token);
        const effects = killing(orphan);
        if (options.dryRun === true) return cli.exitWith(dryRun(cli.io, effects));
        if (!(await agreed(cli.io, `kill ${token}?`, effects, options))) return cli.exitWith(EXIT.failed);
        const request = { order: { kind: 'kill_orphan', token }, subject: token } as const;
        cli.exitWith(await giveOrders(cli.io, session, [request], options));
      });
    });
}

function orphanNamed(db: ReadDb, token: string): Orphan {
  const orphans = listOrphans(db);
  const found = orphans.find((orphan) => orphan.token === token);
  if (found !== undefined) return found;
  const near = nearestNames(
    token,
    orphans.map((orphan) => orphan.token),
  );
  const meant = near.length === 0 ? '' : `; did you mean ${near.join(', ')}?`;
  throw new CliError(`there is no orphan ${token}${meant}`, 'mqi orphans', EXIT.notFound);
}

function killing(orphan: Orphan): Effects {
  if (orphan.proof !== null) return { possible: false, lines: [`${orphan.token} has ended: nothing of it runs`] };
  return {
    possible: true,
    lines: [
      `every process of ${orphan.token} on ${orphan.host} is ended (${orphan.orphan ?? 'no evidence was recorded'})`,
      'what it has computed is not collected',
      ...(orphan.slot === null ? [] : [`slot ${place(orphan.host, orphan.slot)} is free once it is proven gone`]),
      ...(orphan.caseName === null ? [] : [`${orphan.caseName} is held back by it no longer`]),
    ],
  };
}

/** A block each: the evidence is a sentence, and there are few. */
function print(io: Io, orphans: readonly Orphan[]): void {
  if (orphans.length === 0) io.out.line('no orphans: every job that was found belongs to a case');
  for (const orphan of orphans) {
    io.out.line(styled('bold', orphan.token), `  on ${place(orphan.host, orphan.slot)}`);
    io.out.line(`  case  ${orphan.caseName ?? 'none that this database knows'}, attempt ${orphan.number}`);
    io.out.line(`  found ${orphan.orphan ?? ''}`);
    for (const next of nextFor(orphan)) io.out.line(styled('dim', '  next: '), next);
  }
}

function nextFor(orphan: Orphan): readonly string[] {
  const kill = `mqi orphans kill ${orphan.token} --why REASON`;
  const adopt = `mqi cases adopt ${orphan.caseId} --token ${orphan.token}`;
  if (orphan.caseId === null) return [kill];
  return orphan.proof === null ? [`${adopt}, or`, kill] : [adopt];
}
