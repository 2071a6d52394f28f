import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';

import { heightOf, linesOfState, linesOfTrigger, widestOf } from './chart-text.ts';
import type { Line } from './chart-text.ts';
import type { Chart, ChartEdge, ChartState } from './chart.ts';

/** Everything has its place, px from the top left corner of the picture. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Parents before their children: drawn in this order nothing is hidden. */
  readonly boxes: readonly StateBox[];
  readonly arrows: readonly Arrow[];
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

export interface StateBox extends Box {
  readonly state: ChartState;
  readonly text: Point & { readonly lines: readonly Line[] };
}

export interface Arrow {
  /** Null: from the dot that marks an initial state. */
  readonly edge: ChartEdge | null;
  readonly from: string;
  readonly to: string;
  readonly points: readonly Point[];
  readonly label: (Box & { readonly lines: readonly Line[] }) | null;
}

/** Room between the border of a box and its text, and around the text of an arrow, px. */
export const PADDING = { x: 12, y: 10, label: 5 } as const;

const DOT_PX = 10;

/** Where a state is entered: a node of its own. No key of a state ends like this. */
const DOT = '.•';

/** The words of a state that holds others, likewise: so that no arrow runs across them. */
const HEAD = '.…';

/** An edge that only holds things in order. */
const UNSEEN = 'unseen:';

/** Which arrows point downwards, if not all can: the initial ones, then those that follow the machine's order. */
const [FIRST, FORWARD, BACK] = [100, 10, 0];

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.padding': '[top=12,left=12,bottom=12,right=12]',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeLabel': '4',
  'elk.layered.spacing.nodeNodeBetweenLayers': '24',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
  // the order of the machine's definition is the order of a case's life
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.cycleBreaking.strategy': 'GREEDY',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
} as const;

/** Finds a place for everything: layers from top to bottom, in the order of the definition. */
export async function layOut(chart: Chart): Promise<Layout> {
  // 1.6 MB, and wanted only by whoever draws
  const { default: Elk } = await import('elkjs/lib/elk.bundled.js');
  const edges = new Map(chart.edges.map((edge, index) => [`e${index}`, edge]));
  const order = allStates(chart.states).map(({ path }) => path);
  const graph: ElkNode = {
    id: 'root',
    layoutOptions: OPTIONS,
    children: childrenOf(chart.states, chart.initial, ''),
    edges: [
      ...[...edges].map(([id, edge]) => elkEdge(id, edge, order.indexOf(edge.from) < order.indexOf(edge.to))),
      ...initialEdges(chart.initial, chart.states, ''),
    ],
  };
  const placed = await new Elk.default().layout(graph);
  const states = new Map(allStates(chart.states).map((state) => [state.path, state]));
  const nodes = allNodes(placed.children ?? []);
  return {
    width: Math.ceil(placed.width ?? 0),
    height: Math.ceil(placed.height ?? 0),
    boxes: nodes.flatMap((node) => {
      const state = states.get(node.id);
      if (state === undefined) return [];
      return [{ state, text: { ...textAt(node), lines: linesOfState(state) }, ...boxOf(node) }];
    }),
    arrows: (placed.edges ?? [])
      .filter(({ id }) => !id.startsWith(UNSEEN))
      .map((edge) => arrowOf(edge, edges.get(edge.id) ?? null)),
    dots: nodes
      .filter(({ id }) => id.endsWith(DOT))
      .map((node) => ({ x: boxOf(node).x + DOT_PX / 2, y: boxOf(node).y + DOT_PX / 2 })),
  };
}

function allStates(states: readonly ChartState[]): ChartState[] {
  return states.flatMap((state) => [state, ...allStates(state.states)]);
}

function allNodes(nodes: readonly ElkNode[]): ElkNode[] {
  return nodes.flatMap((node) => [node, ...allNodes(node.children ?? [])]);
}

function childrenOf(states: readonly ChartState[], initial: string | null, parent: string): ElkNode[] {
  const dot = initial === null ? [] : [{ id: `${parent}${DOT}`, width: DOT_PX, height: DOT_PX }];
  return [...dot, ...states.map(nodeOf)];
}

function nodeOf(state: ChartState): ElkNode {
  const lines = linesOfState(state);
  const text = { width: widestOf(lines), height: heightOf(lines) };
  if (state.states.length === 0) {
    return { id: state.path, width: text.width + 2 * PADDING.x, height: text.height + 2 * PADDING.y };
  }
  const head = { id: `${state.path}${HEAD}`, ...text };
  return {
    id: state.path,
    children: [head, ...childrenOf(state.states, state.initial, state.path)],
    layoutOptions: { 'elk.padding': '[top=12,left=16,bottom=16,right=16]' },
  };
}

/** From each dot to the state that it marks; and, not drawn, from the words of a state to its dot. */
function initialEdges(initial: string | null, states: readonly ChartState[], parent: string): ElkExtendedEdge[] {
  const dot = `${parent}${DOT}`;
  const words = parent === '' ? [] : [elkArrow(`${UNSEEN}${parent}`, `${parent}${HEAD}`, dot, FIRST)];
  const own = initial === null ? [] : [elkArrow(`i${parent}`, dot, initial, FIRST), ...words];
  return [...own, ...states.flatMap((state) => initialEdges(state.initial, state.states, state.path))];
}

/** An arrow of higher priority is drawn downwards where not all can be. */
function elkArrow(id: string, from: string, to: string, priority: number): ElkExtendedEdge {
  return {
    id,
    sources: [from],
    targets: [to],
    layoutOptions: { 'elk.layered.priority.direction': String(priority) },
  };
}

function elkEdge(id: string, edge: ChartEdge, isForward: boolean): ElkExtendedEdge {
  const lines = edge.triggers.flatMap(linesOfTrigger);
  const label = {
    id: `${id}.label`,
    text: id,
    width: widestOf(lines) + 2 * PADDING.label,
    height: heightOf(lines) + 2 * PADDING.label,
    layoutOptions: { 'elk.edgeLabels.placement': 'CENTER', 'elk.edgeLabels.inline': 'true' },
  };
  return { ...elkArrow(id, edge.from, edge.to, isForward ? FORWARD : BACK), labels: [label] };
}

function textAt(node: ElkNode): Point {
  const head = node.children?.find(({ id }) => id.endsWith(HEAD));
  if (head !== undefined) return boxOf(head);
  const { x, y } = boxOf(node);
  return { x: x + PADDING.x, y: y + PADDING.y };
}

function boxOf({ x, y, width, height }: Partial<Box>): Box {
  return { x: x ?? 0, y: y ?? 0, width: width ?? 0, height: height ?? 0 };
}

function arrowOf({ sources, targets, sections, labels }: ElkExtendedEdge, edge: ChartEdge | null): Arrow {
  const [label] = labels ?? [];
  return {
    edge,
    from: sources[0] ?? '',
    to: targets[0] ?? '',
    points: (sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) => [
      startPoint,
      ...bendPoints,
      endPoint,
    ]),
    label:
      edge === null || label === undefined ? null : { ...boxOf(label), lines: edge.triggers.flatMap(linesOfTrigger) },
  };
}
