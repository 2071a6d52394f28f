import { Command } from 'commander';

import { listCommand } from './cases/list.ts';
import { logsCommand } from './cases/logs.ts';
import { orderCommands } from './cases/order-commands.ts';
import { repairCommands } from './cases/repair-commands.ts';
import { showCommand } from './cases/show.ts';
import { watchCommand } from './cases/watch.ts';
import type { Cli } from './cli.ts';

export function casesCommand(cli: Cli): Command {
  const command = new Command('cases').alias('case').description('list, show, follow and order cases');
  const verbs = [
    listCommand(cli),
    showCommand(cli),
    watchCommand(cli),
    logsCommand(cli),
    ...orderCommands(cli),
    ...repairCommands(cli),
  ];
  for (const verb of verbs) command.addCommand(verb);
  return command;
}
