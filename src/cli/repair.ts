import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import type { OrderOptions } from './order.ts';
import { styled } from './screen.ts';

export interface RepairOptions extends OrderOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** What an order would do, from what the database says now; the daemon checks again when it carries it out. */
export interface Effects {
  /** False: it would be refused. */
  readonly possible: boolean;
  readonly lines: readonly string[];
}

/** Records nothing. */
export function dryRun(io: Io, effects: Effects): ExitCode {
  io.out.line(effects.possible ? 'this would happen:' : styled('yellow', 'this would be refused:'));
  for (const line of effects.lines) io.out.line(`  ${line}`);
  return effects.possible ? EXIT.ok : EXIT.failed;
}

/** A person at a terminal is asked; a script has to say `--yes`. */
export async function agreed(io: Io, question: string, effects: Effects, options: RepairOptions): Promise<boolean> {
  if (options.yes === true || !effects.possible) return true;
  if (io.confirm === null) {
    throw new CliError('nobody is there to ask', 'add --yes, or see first what it would do:  --dry-run', EXIT.usage);
  }
  for (const line of effects.lines) io.err.line(`  ${line}`);
  return io.confirm(question);
}
