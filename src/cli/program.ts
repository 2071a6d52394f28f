import { readFileSync } from 'node:fs';

import { Command, CommanderError } from 'commander';

import { casesCommand } from './cases.ts';
import type { Cli } from './cli.ts';
import { configCommand } from './config.ts';
import { dbCommand } from './db.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { EXIT, exitCodesText } from './exit-code.ts';
import { hostsCommand } from './hosts.ts';
import { intakeCommand } from './intake.ts';
import type { Io } from './io.ts';
import { notificationsCommand } from './notifications.ts';
import { ordersCommand } from './orders.ts';
import { orphansCommand } from './orphans.ts';
import { packageFile } from './package-file.ts';
import { reportError } from './report-error.ts';
import { runCommand } from './run.ts';
import { serviceCommand } from './service.ts';
import { slotsCommand } from './slots.ts';
import { statusCommand } from './status.ts';
import { visualizeCommand } from './visualize.ts';
import { whyCommand } from './why.ts';

/** Runs one command line; the exit code comes back, nothing in here ends the process. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number | null = null;
  const cli: Cli = {
    io,
    exitWith: (code) => {
      exitCode = code;
    },
  };
  const program = buildProgram(cli);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(io, error);
    // help and version are no mistakes; a bare `mqi` shows the help and is one
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  // `mqi config` reports through the process itself
  return exitCode ?? (typeof process.exitCode === 'number' ? process.exitCode : EXIT.ok);
}

export function buildProgram(cli: Cli): Command {
  const program = new Command('mqi')
    .description('Carries cases (folders) to a GPU host and verified results back: exactly one job a case.')
    .version(version())
    .option('--config <file>', 'the configuration (else MQI_CONFIG, else mqi.yaml here, else built-in defaults)')
    .option('--database <file>', 'the database, instead of the one that the configuration names')
    .addCommand(runCommand(cli))
    .addCommand(demoCommand(cli))
    .addCommand(statusCommand(cli))
    .addCommand(whyCommand(cli))
    .addCommand(casesCommand(cli))
    .addCommand(intakeCommand(cli))
    .addCommand(slotsCommand(cli))
    .addCommand(hostsCommand(cli))
    .addCommand(orphansCommand(cli))
    .addCommand(ordersCommand(cli))
    .addCommand(notificationsCommand(cli))
    .addCommand(doctorCommand(cli))
    .addCommand(visualizeCommand(cli))
    .addCommand(configCommand())
    .addCommand(dbCommand(cli))
    .addCommand(serviceCommand(cli))
    .addCommand(exitCodesCommand(cli));
  program.addHelpText(
    'after',
    '\nCASE is an id, a name, or the beginning of one.\nBegin with: mqi demo, mqi config init, mqi help exit-codes',
  );
  dress(program, cli.io, 'mqi');
  return program;
}

function exitCodesCommand(cli: Cli): Command {
  return new Command('exit-codes')
    .description('what the exit codes mean')
    .addHelpText('after', () => `\n${exitCodesText()}`)
    .action(() => cli.io.out.raw(exitCodesText()));
}

/** Settings are not inherited by commands that were built elsewhere. */
function dress(command: Command, io: Io, name: string): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.out.raw(text),
    writeErr: (text) => io.err.raw(text),
    getOutHelpWidth: () => io.out.columns ?? 80,
    getErrHelpWidth: () => io.err.columns ?? 80,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
    outputError: (text) => {
      const [first = '', ...rest] = text.trim().split('\n');
      io.err.line(`mqi: ${first.replace(/^error: /, '')}`);
      for (const line of rest) io.err.line(`  ${line}`);
      io.err.line(`  next: ${name} --help`);
    },
  });
  for (const child of command.commands) dress(child, io, `${name} ${child.name()}`);
}

function version(): string {
  const { version: text } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    readonly version: string;
  };
  return text;
}
