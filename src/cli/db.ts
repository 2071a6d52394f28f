import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { Command } from 'commander';

import { backUpDatabase } from '../store/database-backup.ts';
import { checkDatabase } from '../store/database-check.ts';
import { isThere } from '../store/store-error.ts';
import { CliError } from './cli-error.ts';
import { JSON_OPTION, optionsOf } from './cli.ts';
import type { Cli, JsonOption } from './cli.ts';
import { EXIT } from './exit-code.ts';
import type { Io } from './io.ts';
import { styled } from './screen.ts';
import { configOf } from './session.ts';
import type { GlobalOptions } from './session.ts';

export function dbCommand(cli: Cli): Command {
  const command = new Command('db').description('back up and check the database');
  command
    .command('backup')
    .argument('<file>', 'the copy to make; never overwrites one')
    .description('make a consistent copy, while the daemon goes on working')
    .action((file: string, _: unknown, self: Command) => {
      const database = databaseOf(cli.io, optionsOf(self));
      const target = resolve(cli.io.cwd, file);
      if (existsSync(target)) {
        throw new CliError(`${target} is there already and is left as it is`, 'give another name', EXIT.cannotCreate);
      }
      backUpDatabase(database, target);
      cli.io.out.line(styled('green', 'ok'), `  ${database} is copied to ${target}`);
      cli.exitWith(EXIT.ok);
    });
  command
    .command('check')
    .description('ask SQLite whether the file is whole')
    .option(...JSON_OPTION)
    .action((_: unknown, self: Command) => {
      const options = optionsOf<JsonOption>(self);
      const database = databaseOf(cli.io, options);
      const problems = checkDatabase(database, true);
      if (options.json === true) cli.io.out.json({ database, ok: problems.length === 0, problems });
      else report(cli.io, database, problems);
      cli.exitWith(problems.length === 0 ? EXIT.ok : EXIT.failed);
    });
  return command;
}

function databaseOf(io: Io, options: GlobalOptions): string {
  const { database } = configOf(io, options);
  if (isThere(database)) return database;
  throw new CliError(`there is no database at ${database} yet`, 'mqi run', EXIT.notFound);
}

/** A damaged file has as many problems as pages; nobody reads more than these. */
const MOST_PROBLEMS = 20;

function report(io: Io, database: string, problems: readonly string[]): void {
  if (problems.length === 0) {
    io.out.line(styled('green', 'ok'), `  ${database} is whole`);
    return;
  }
  io.err.line(styled('red', 'mqi: '), `${database} is damaged:`);
  for (const problem of problems.slice(0, MOST_PROBLEMS)) io.err.line(`  ${problem}`);
  if (problems.length > MOST_PROBLEMS) io.err.line(`  and ${problems.length - MOST_PROBLEMS} more`);
  io.err.line(`  next: stop the daemon, move the file away, restore a backup to ${database}`);
}
