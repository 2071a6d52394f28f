import { MACHINES, exportMachine, machineSummary } from '../../views/diagram/export.ts';
import type { ExportFormat } from '../../views/diagram/formats.ts';
import { nearestNames } from '../case-ref.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import type { Screen } from '../screen.ts';
import { printTable } from '../table.ts';

export function printMachines(out: Screen): void {
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

/** @throws CliError that names the machines there are */
export function printMachine(out: Screen, name: string | undefined, format: ExportFormat): void {
  const machine = MACHINES.get(name?.toLowerCase() ?? '');
  if (machine === undefined) throw unknownMachine(name);
  out.raw(exportMachine(machine, format));
}

function unknownMachine(name: string | undefined): CliError {
  const names = [...MACHINES.keys()];
  const [meant = names[0]!] = nearestNames(name ?? '', names);
  return new CliError(
    name === undefined
      ? 'which machine is to be printed?'
      : `there is no machine ${name}; there are ${names.join(', ')}`,
    `mqi visualize ${meant} --format json`,
    EXIT.usage,
  );
}
