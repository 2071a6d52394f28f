import { realpathSync } from 'node:fs';
import { userInfo } from 'node:os';

import { Command } from 'commander';

import { unitOf } from '../daemon/service/unit.ts';
import { CliError } from './cli-error.ts';
import { optionsOf } from './cli.ts';
import type { Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { packageFile } from './package-file.ts';
import { configOf } from './session.ts';

export function serviceCommand(cli: Cli): Command {
  const command = new Command('service').description('run the daemon under systemd');
  command
    .command('print')
    .description('a hardened unit file for this installation and its configuration, to /etc/systemd/system/mqi.service')
    .option('--user <name>', 'whom the daemon runs as (else you)')
    .action((_: unknown, self: Command) => {
      const options = optionsOf<{ readonly user?: string }>(self);
      const config = configOf(cli.io, options);
      const { file } = config;
      if (file === null) {
        throw new CliError(
          'a service needs a configuration file, and there is none here',
          'mqi config init',
          EXIT.usage,
        );
      }
      const user = options.user ?? userInfo().username;
      if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(user)) {
        throw new CliError(`${user} is no user name`, 'mqi service print --user mqi', EXIT.usage);
      }
      const program = [realpathSync(process.execPath), packageFile('dist', 'mqi.js')];
      const guide = packageFile('docs', 'operations.md');
      cli.io.out.raw(unitOf({ ...config, file }, { user, program, guide }));
      cli.exitWith(EXIT.ok);
    });
  return command;
}
