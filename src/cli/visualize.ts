import { Command, Option } from 'commander';

import { EXPORT_FORMATS } from '../views/diagram/formats.ts';
import type { ExportFormat } from '../views/diagram/formats.ts';
import { STATELY_INSPECTOR } from '../views/inspector/stately.ts';
import { CliError } from './cli-error.ts';
import { optionsOf } from './cli.ts';
import type { Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import type { InspectOptions } from './visualize/inspect.ts';

interface VisualizeOptions extends InspectOptions {
  readonly format?: ExportFormat;
}

export function visualizeCommand(cli: Cli): Command {
  return new Command('visualize')
    .argument('[machine]', 'case or link; none: list them')
    .description(
      'the state machines as pictures and text; live or finished cases in Stately’s inspector (docs/stately.md)',
    )
    .addOption(new Option('--format <format>', 'print the machine').choices(EXPORT_FORMATS))
    .option('--live [case]', 'show what happens to a case, or to every live one, until Ctrl-C')
    .option('--replay <case>', 'show again what happened to a case, from its journal')
    .option('--speed <factor>', 'of a replay: 1x is as it was, or step', '10x')
    .option('--port <number>', 'of the page, on this machine only; 0 is any free one', '0')
    .option('--inspector <url>', 'the inspector that the page opens', STATELY_INSPECTOR)
    .action(async (name: string | undefined, _: unknown, command: Command) => {
      const options = optionsOf<VisualizeOptions>(command);
      if (options.live !== undefined || options.replay !== undefined) {
        if (name !== undefined || options.format !== undefined) throw mixed();
        // not before it is needed: other commands want neither a server nor the machines
        const { inspect } = await import('./visualize/inspect.ts');
        cli.exitWith(await inspect(cli.io, options));
        return;
      }
      const { printMachine, printMachines } = await import('./visualize/machines.ts');
      if (name === undefined && options.format === undefined) printMachines(cli.io.out);
      else printMachine(cli.io.out, name, options.format ?? 'mermaid');
      cli.exitWith(EXIT.ok);
    });
}

function mixed(): CliError {
  return new CliError(
    'a machine is printed, or cases are shown: not both at once',
    'mqi visualize --live, or mqi visualize case --format json',
    EXIT.usage,
  );
}
