import type { AnyStateMachine } from 'xstate';

import { layoutOf } from './diagram/chart-layout.ts';
import { drawChart } from './diagram/chart-svg.ts';
import { chartOf } from './diagram/chart.ts';

/**
 * The picture of a machine as an SVG element, to be put into a page as it is. `lit`: paths of the states it is in
 * (`running.executing`), which get the class `lit`. Nothing in it runs, loads or sets a style. Pure.
 * @throws Error for a machine that was changed since `npm run charts`
 */
export function renderChart(machine: AnyStateMachine, lit: readonly string[]): string {
  const chart = chartOf(machine);
  return drawChart(chart, layoutOf(chart), new Set(lit));
}
