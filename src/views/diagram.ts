import type { AnyStateMachine } from 'xstate';

import { chartOf } from './diagram/chart.ts';
import type { Chart } from './diagram/chart.ts';
import { layOut } from './diagram/chart-layout.ts';
import type { Layout } from './diagram/chart-layout.ts';
import { drawChart } from './diagram/chart-svg.ts';

/** A machine's layout is the same each time, and most of the work. */
const layouts = new WeakMap<AnyStateMachine, Promise<{ readonly chart: Chart; readonly layout: Layout }>>();

/**
 * The picture of a machine as an SVG element, to be put into a page as it is. `lit`: paths of the states it is in
 * (`running.executing`), which get the class `lit`. Nothing in it runs, loads or sets a style.
 */
export async function renderChart(machine: AnyStateMachine, lit: readonly string[]): Promise<string> {
  const known = layouts.get(machine) ?? place(machine);
  layouts.set(machine, known);
  const { chart, layout } = await known;
  return drawChart(chart, layout, new Set(lit));
}

async function place(machine: AnyStateMachine): Promise<{ readonly chart: Chart; readonly layout: Layout }> {
  const chart = chartOf(machine);
  return { chart, layout: await layOut(chart) };
}
