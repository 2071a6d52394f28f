import { linesOfState, linesOfTrigger } from './chart-text.ts';
import type { Line } from './chart-text.ts';
import type { Chart, ChartEdge, ChartState } from './chart.ts';
import { LAYOUTS } from './layouts.ts';

/** Everything has its place, px from the top left corner of the picture. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Parents before their children: drawn in this order nothing is hidden. */
  readonly boxes: readonly StateBox[];
  readonly arrows: readonly Arrow[];
  /** Where the dots are that mark initial states. */
  readonly dots: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

interface StateBox extends Box {
  readonly state: ChartState;
  readonly text: Point & { readonly lines: readonly Line[] };
}

interface Arrow {
  readonly points: readonly Point[];
  /** Null: from the dot that marks an initial state. */
  readonly told: { readonly edge: ChartEdge; readonly label: Box; readonly lines: readonly Line[] } | null;
}

/** Room between the border of a box and its text, and around the text of an arrow, px. */
export const PADDING = { x: 12, y: 10, label: 5 } as const;

export const DOT_RADIUS = 5;

/** @throws Error when nobody ran `npm run charts` since the machine got another state or arrow */
export function layoutOf(chart: Chart): Layout {
  const stored = LAYOUTS[chart.id];
  const { size, boxes, arrows, initials } = stored ?? missing(chart, 'the machine');
  return {
    width: size[0],
    height: size[1],
    boxes: statesOf(chart.states).map((state) => {
      const [x, y, width, height, textX, textY] = boxes[state.path] ?? missing(chart, state.path);
      return { x, y, width, height, state, text: { x: textX, y: textY, lines: linesOfState(state) } };
    }),
    arrows: [
      ...initials.map((line) => ({ points: pointsOf(line), told: null })),
      ...chart.edges.map((edge) => {
        const { label, line } = arrows[arrowName(edge)] ?? missing(chart, arrowName(edge));
        const [x, y, width, height] = label;
        const lines = edge.triggers.flatMap(linesOfTrigger);
        return { points: pointsOf(line), told: { edge, label: { x, y, width, height }, lines } };
      }),
    ],
    dots: initials.map(([x = 0, y = 0]) => ({ x, y: y - DOT_RADIUS })),
  };
}

export function statesOf(states: readonly ChartState[]): ChartState[] {
  return states.flatMap((state) => [state, ...statesOf(state.states)]);
}

export function arrowName({ from, to }: ChartEdge): string {
  return `${from}>${to}`;
}

function pointsOf(line: readonly number[]): Point[] {
  return line.flatMap((x, index) => (index % 2 === 0 ? [{ x, y: line[index + 1] ?? 0 }] : []));
}

function missing(chart: Chart, what: string): never {
  throw new Error(`the picture of machine ${chart.id} has no place for ${what}: npm run charts`);
}
