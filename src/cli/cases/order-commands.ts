import { Command } from 'commander';

import { parseLimit } from '../../domain/limit.ts';
import type { Order } from '../../domain/order.ts';
import { resolveCase } from '../case-ref.ts';
import { CliError } from '../cli-error.ts';
import { JSON_OPTION, WHY_OPTION, optionsOf } from '../cli.ts';
import type { Cli } from '../cli.ts';
import { EXIT } from '../exit-code.ts';
import { giveOrders } from '../order.ts';
import type { OrderOptions } from '../order.ts';
import { withSession } from '../session.ts';

/** Orders that need no look at what they would do: they can be taken back, or the supervisor refuses them. */
export function orderCommands(cli: Cli): readonly Command[] {
  return [retryCommand(cli), ...plainCommands(cli), limitCommand(cli), priorityCommand(cli)];
}

type ForCase = (caseId: string) => Order;

/** Every case is resolved before the first order is recorded: a typo in the third must not leave two behind. */
async function orderCases(cli: Cli, texts: readonly string[], command: Command, order: ForCase): Promise<void> {
  const options = optionsOf<OrderOptions>(command);
  await withSession(cli.io, options, 'orders', async (session) => {
    const rows = texts.map((text) => resolveCase(session.db, text));
    const requests = rows.map((row) => ({ order: order(row.id), subject: row.name }));
    cli.exitWith(await giveOrders(cli.io, session, requests, options));
  });
}

function retryCommand(cli: Cli): Command {
  return new Command('retry')
    .argument('<case...>')
    .description('run a failed (or completed) case again, as a new attempt with the folder as it is now')
    .option('--limit <duration>', 'a new limit, such as 48h')
    .option(...WHY_OPTION)
    .option(...JSON_OPTION)
    .action(async (texts: string[], options: { readonly limit?: string }, command: Command) => {
      const limitMs = options.limit === undefined ? null : limitOf(options.limit);
      await orderCases(cli, texts, command, (caseId) => ({ kind: 'retry', caseId, limitMs }));
    });
}

const PLAIN = {
  cancel: 'end it: its job, if there is one, is stopped and proven gone',
  pause: 'let it get no slot for now (only before it has one)',
  resume: 'take a pause back',
} as const;

function plainCommands(cli: Cli): readonly Command[] {
  return (['cancel', 'pause', 'resume'] as const).map((kind) =>
    new Command(kind)
      .argument('<case...>')
      .description(PLAIN[kind])
      .option(...WHY_OPTION)
      .option(...JSON_OPTION)
      .action(async (texts: string[], _: unknown, command: Command) =>
        orderCases(cli, texts, command, (caseId) => ({ kind, caseId })),
      ),
  );
}

function limitCommand(cli: Cli): Command {
  return new Command('limit')
    .argument('<case>')
    .argument('<duration>', 'such as 48h, counted from its start')
    .description('set how long its job may be seen executing')
    .option(...WHY_OPTION)
    .option(...JSON_OPTION)
    .action(async (text: string, duration: string, _: unknown, command: Command) => {
      const limitMs = limitOf(duration);
      await orderCases(cli, [text], command, (caseId) => ({ kind: 'limit', caseId, limitMs }));
    });
}

/** Beyond this an hour of waiting counts for nothing beside the priority. */
const LARGEST_PRIORITY = 1_000_000;

function priorityCommand(cli: Cli): Command {
  return (
    new Command('priority')
      .argument('<case>')
      .argument('<number>', 'higher goes first; 1 is worth an hour of waiting')
      .description('move a case that waits forward or back')
      // `-5` is a number here, not an option
      .allowUnknownOption(false)
      .option(...WHY_OPTION)
      .option(...JSON_OPTION)
      .action(async (text: string, number: string, _: unknown, command: Command) => {
        const priority = Number(number);
        if (!/^[+-]?\d+$/.test(number) || Math.abs(priority) > LARGEST_PRIORITY) {
          throw new CliError(
            `${number} is no whole number from -${LARGEST_PRIORITY} to ${LARGEST_PRIORITY}`,
            'mqi cases priority CASE 1',
            EXIT.usage,
          );
        }
        await orderCases(cli, [text], command, (caseId) => ({ kind: 'priority', caseId, priority }));
      })
  );
}

/** @throws CliError */
function limitOf(text: string): number {
  const limit = parseLimit(text);
  if (limit.kind === 'limit') return limit.limitMs;
  throw new CliError(limit.message, limit.hint, EXIT.usage);
}
