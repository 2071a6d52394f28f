import type { AnyStateMachine } from 'xstate';

import { caseMachine, linkMachine } from '../../../machines/index.ts';
import { layoutOf } from './chart-layout.ts';
import { WHITE_PAPER, drawChart } from './chart-svg.ts';
import { chartOf } from './chart.ts';
import type { ExportFormat } from './formats.ts';
import { machineCode, machineJson } from './machine-json.ts';
import { mermaidOf } from './mermaid.ts';

/** Every state machine of the program, by its id. */
export const MACHINES: ReadonlyMap<string, AnyStateMachine> = new Map(
  [caseMachine, linkMachine].map((machine) => [machine.id, machine]),
);

/** A machine as the text of a file, with a line break at its end. */
export function exportMachine(machine: AnyStateMachine, format: ExportFormat): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(machineJson(machine), null, 2)}\n`;
    case 'js':
      return machineCode(machine);
    case 'mermaid':
      return mermaidOf(chartOf(machine));
    case 'svg': {
      const chart = chartOf(machine);
      return `${drawChart(chart, layoutOf(chart), new Set(), WHITE_PAPER)}\n`;
    }
  }
}

/** What a machine is and how large, for a list. */
export function machineSummary(machine: AnyStateMachine): {
  readonly id: string;
  readonly description: string;
  readonly states: number;
  readonly events: number;
} {
  const count = (states: readonly { readonly states: readonly unknown[] }[]): number =>
    states.reduce((sum, state) => sum + 1 + count(state.states as typeof states), 0);
  const chart = chartOf(machine);
  return {
    id: chart.id,
    description: chart.description ?? '',
    states: count(chart.states),
    events: machine.events.length,
  };
}
