import { Command } from 'commander';

import { SLOT_HOLDING_PHASES, isFinal } from '../../domain/case.ts';
import { listOrphans } from '../../store/queries.ts';
import type { ListedCase, Orphan, ReadDb } from '../../store/queries.ts';
import { resolveCase } from '../case-ref.ts';
import { DRY_RUN_OPTION, JSON_OPTION, WHY_OPTION, optionsOf } from '../cli.ts';
import type { Cli } from '../cli.ts';
import { EXIT } from '../exit-code.ts';
import { giveOrders } from '../order.ts';
import { agreed, dryRun } from '../repair.ts';
import type { RepairOptions } from '../repair.ts';
import { withSession } from '../session.ts';
import { place } from '../words.ts';

/** Orders that override what the daemon could prove by itself: each says first what it would do. */
export function repairCommands(cli: Cli): readonly Command[] {
  return [adoptCommand(cli), abandonCommand(cli)];
}

function abandonCommand(cli: Cli): Command {
  return new Command('abandon')
    .argument('<case>')
    .description('give a case up without proof that its job is gone; the last resort')
    .requiredOption(...WHY_OPTION)
    .option('--yes', 'do not ask')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (text: string, _: unknown, command: Command) => {
      const options = optionsOf<RepairOptions>(command);
      await withSession(cli.io, options, 'orders', async (session) => {
        const row = resolveCase(session.db, text);
        const effects = abandonment(row);
        if (options.dryRun === true) return cli.exitWith(dryRun(cli.io, effects));
        if (!(await agreed(cli.io, `abandon ${row.name}?`, effects, options))) return cli.exitWith(EXIT.failed);
        const request = { order: { kind: 'abandon', caseId: row.id }, subject: row.name } as const;
        cli.exitWith(await giveOrders(cli.io, session, [request], options));
      });
    });
}

function abandonment(row: ListedCase): { readonly possible: boolean; readonly lines: readonly string[] } {
  if (isFinal(row.state)) {
    return { possible: false, lines: [`${row.name} is ${row.state} already: there is nothing to give up`] };
  }
  const where = place(row.host, row.slot);
  const slot = SLOT_HOLDING_PHASES.has(row.phase)
    ? [
        `slot ${where} is quarantined: nothing runs there until mqi slots clear ${where}`,
        `its job ${row.jobId === null || row.jobId === row.token ? '' : `${row.jobId} `}(${row.token}) is not stopped and may still run on ${row.host}`,
      ]
    : [];
  return { possible: true, lines: [`${row.name}, now ${row.phase}, fails as abandoned`, ...slot] };
}

interface AdoptOptions extends RepairOptions {
  readonly token?: string;
}

function adoptCommand(cli: Cli): Command {
  return new Command('adopt')
    .argument('<case>')
    .description('give an orphan, a job found on a host that no live case owns, back to its case')
    .option('--token <token>', 'which one, where the case has several orphans')
    .option(...WHY_OPTION)
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (text: string, _: unknown, command: Command) => {
      const options = optionsOf<AdoptOptions>(command);
      await withSession(cli.io, options, 'orders', async (session) => {
        const row = resolveCase(session.db, text);
        const token = options.token ?? null;
        if (options.dryRun === true) return cli.exitWith(dryRun(cli.io, adoption(session.db, row, token)));
        const request = { order: { kind: 'adopt', caseId: row.id, token }, subject: row.name } as const;
        cli.exitWith(await giveOrders(cli.io, session, [request], options));
      });
    });
}

function adoption(
  db: ReadDb,
  row: ListedCase,
  token: string | null,
): { readonly possible: boolean; readonly lines: readonly string[] } {
  const orphans = listOrphans(db).filter(
    (orphan) => orphan.caseId === row.id && (token === null || orphan.token === token),
  );
  const [only, second] = orphans;
  if (only === undefined) return { possible: false, lines: [`${row.name} has no such orphan (mqi orphans)`] };
  if (second !== undefined) {
    return {
      possible: false,
      lines: [`${row.name} has ${orphans.length} orphans; name one with --token:`, ...orphans.map(evidence)],
    };
  }
  return {
    possible: true,
    lines: [
      evidence(only),
      only.proof === null
        ? `it becomes the job of ${row.name} again, on slot ${place(only.host, only.slot)}, and is followed to its end`
        : `it becomes the job of ${row.name} again: its results are collected, and it needs no slot`,
      ...(isFinal(row.state) ? [] : [`what was staged for its attempt ${row.attempt} is given up`]),
    ],
  };
}

function evidence(orphan: Orphan): string {
  return `attempt ${orphan.number} (${orphan.token}) on ${orphan.host}: ${orphan.orphan ?? ''}`;
}
