import type { Command } from 'commander';

import type { ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import type { GlobalOptions } from './session.ts';

/** What each noun's commands are built with. */
export interface Cli {
  readonly io: Io;
  /** The last act of a command's action. */
  exitWith(code: ExitCode): void;
}

/** Options of the command and of the program together: `--config` may stand on either side of a command. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- commander knows no types: the command names them
export function optionsOf<T extends object>(command: Command): T & GlobalOptions {
  return command.optsWithGlobals<T & GlobalOptions>();
}

export const JSON_OPTION = ['--json', 'print JSON for scripts (docs/json.md)'] as const;
export const WHY_OPTION = ['--why <text>', 'the reason, kept in the journal'] as const;
export const DRY_RUN_OPTION = ['--dry-run', 'only say what would happen'] as const;

export interface JsonOption {
  readonly json?: boolean;
}
