import { accessSync, constants, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { Command } from 'commander';

import { singles } from '../config/variables.ts';
import type { Overrides } from '../config/variables.ts';
import { daemonOf } from '../store/lock.ts';
import { CliError } from './cli-error.ts';
import { optionsOf } from './cli.ts';
import type { Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { portFrom } from './port.ts';
import { configOf } from './session.ts';

/** A global option already: every command needs it. */
const ELSEWHERE = '--database';

export function runCommand(cli: Cli): Command {
  const command = new Command('run').description('the daemon: watch, submit, follow, collect, until SIGTERM or Ctrl-C');
  const flags = singles().filter(({ flag }) => flag !== ELSEWHERE);
  for (const { flag, node } of flags) command.option(`${flag} <value>`, node.description);
  command.option('--inspect [port]', 'show live cases in Stately’s inspector (docs/stately.md); the log says where');
  return command.action(async (_: unknown, self: Command) => {
    const options = optionsOf<Record<string, string | undefined>>(self);
    const { inspect } = optionsOf<{ readonly inspect?: string | true }>(self);
    const inspectorPort = inspectorPortFrom(inspect);
    const config = configOf(cli.io, options, overridesFrom(self, options));
    makeFolder(dirname(config.database));
    refuseSecond(config.database);
    // not before it is needed: the reading commands need neither ssh nor a watcher
    const [{ runDaemon }, { createLog }] = await Promise.all([
      import('../daemon/daemon.ts'),
      import('../daemon/log.ts'),
    ]);
    const { log, dropped } = createLog(config.log.level);
    if (config.file === null) {
      const hosts = config.hosts.map((host) => `${host.name} (root ${host.root})`).join(', ');
      log.info({}, `no mqi.yaml here: the built-in defaults are in force (mqi config init makes one); hosts ${hosts}`);
    }
    await runDaemon(config, { signal: cli.io.interruption(), log, dropped, inspectorPort });
    cli.exitWith(EXIT.ok);
  });
}

/** `--inspect` alone takes any free port. */
function inspectorPortFrom(given: string | true | undefined): number | null {
  if (given === undefined) return null;
  return given === true ? 0 : portFrom(given, '--inspect');
}

/** Flags of single values, by dotted key. */
function overridesFrom(command: Command, options: Record<string, string | undefined>): Overrides {
  const given = singles().flatMap(({ path, flag }) => {
    const option = command.options.find(({ long }) => long === flag);
    const value = option === undefined ? undefined : options[option.attributeName()];
    return value === undefined ? [] : [[path.join('.'), value] as const];
  });
  return Object.fromEntries(given);
}

/** The daemon would make it too; here its failure gets the exit code that a script can tell apart. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(
      `the folder of the database cannot be used: ${reason}`,
      `make ${folder} writable for this user, or give --database another path`,
      EXIT.cannotCreate,
    );
  }
}

/** The lock says it again, and surely; here it gets an exit code of its own. */
function refuseSecond(database: string): void {
  const daemon = daemonOf(database);
  if (!daemon.running) return;
  const who = daemon.holder === null ? 'another daemon' : `the daemon with pid ${daemon.holder.pid}`;
  throw new CliError(`${who} already works on ${database}`, 'mqi status', EXIT.tryLater);
}
