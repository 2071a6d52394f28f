import { Command, Option } from 'commander';

import { EXPORT_FORMATS, MACHINES, exportMachine, machineSummary } from '../views/diagram/export.ts';
import type { ExportFormat } from '../views/diagram/export.ts';
import { STATELY_INSPECTOR } from '../views/inspector.ts';
import { nearestNames } from './case-ref.ts';
import { CliError } from './cli-error.ts';
import { optionsOf } from './cli.ts';
import type { Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import type { Screen } from './screen.ts';
import { printTable } from './table.ts';
import { inspect } from './visualize/inspect.ts';
import type { InspectOptions } from './visualize/inspect.ts';

interface VisualizeOptions extends InspectOptions {
  readonly format?: ExportFormat;
}

export function visualizeCommand(cli: Cli): Command {
  return new Command('visualize')
    .argument('[machine]', `none: list them (${[...MACHINES.keys()].join(', ')})`)
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
        cli.exitWith(await inspect(cli.io, options));
        return;
      }
      if (name === undefined) {
        if (options.format !== undefined) throw unknownMachine('none');
        printMachines(cli.io.out);
      } else {
        const machine = MACHINES.get(name) ?? MACHINES.get(name.toLowerCase());
        if (machine === undefined) throw unknownMachine(name);
        cli.io.out.raw(exportMachine(machine, options.format ?? 'mermaid'));
      }
      cli.exitWith(EXIT.ok);
    });
}

function printMachines(out: Screen): void {
  printTable(
    out,
    [
      { head: 'MACHINE' },
      { head: 'STATES', align: 'right' },
      { head: 'EVENTS', align: 'right' },
      { head: 'WHAT', shrinkTo: 20 },
    ],
    [...MACHINES.values()]
      .map(machineSummary)
      .map(({ id, states, events, description }) => [id, String(states), String(events), description]),
  );
}

function unknownMachine(name: string): CliError {
  const names = [...MACHINES.keys()];
  const [meant = names[0]!] = nearestNames(name, names);
  return new CliError(
    name === 'none' ? 'which machine is to be printed?' : `there is no machine ${name}; there are ${names.join(', ')}`,
    `mqi visualize ${meant} --format json`,
    EXIT.usage,
  );
}

function mixed(): CliError {
  return new CliError(
    'a machine is printed, or cases are shown: not both at once',
    'mqi visualize --live, or mqi visualize case --format json',
    EXIT.usage,
  );
}
