import Elk from 'elkjs/lib/elk.bundled.js';
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';

import { DOT_RADIUS, PADDING, arrowName, statesOf } from '../../../src/views/diagram/chart-layout.ts';
import type { Box, Point } from '../../../src/views/diagram/chart-layout.ts';
import type { StoredLayout } from '../../../src/views/diagram/stored-layout.ts';
import { heightOf, linesOfState, linesOfTrigger, widestOf } from '../../../src/views/diagram/chart-text.ts';
import type { Chart, ChartEdge, ChartState } from '../../../src/views/diagram/chart.ts';

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
export async function layOut(chart: Chart): Promise<StoredLayout> {
  const edges = new Map(chart.edges.map((edge, index) => [`e${index}`, edge]));
  const order = statesOf(chart.states).map(({ path }) => path);
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
  const nodes = new Map(allNodes(placed.children ?? []).map((node) => [node.id, node]));
  const drawn = (placed.edges ?? []).filter(({ id }) => !id.startsWith(UNSEEN));
  return {
    size: [Math.ceil(placed.width ?? 0), Math.ceil(placed.height ?? 0)],
    boxes: Object.fromEntries(
      order.map((path) => {
        const node = nodes.get(path)!;
        const text = textAt(node);
        return [path, [...numbersOf(boxOf(node)), round(text.x), round(text.y)]];
      }),
    ),
    arrows: Object.fromEntries(
      drawn.flatMap((edge) => {
        const told = edges.get(edge.id);
        if (told === undefined) return [];
        return [[arrowName(told), { label: numbersOf(boxOf(edge.labels?.[0] ?? {})), line: lineOf(edge) }]];
      }),
    ),
    initials: drawn.filter(({ id }) => !edges.has(id)).map(lineOf),
  };
}

function allNodes(nodes: readonly ElkNode[]): ElkNode[] {
  return nodes.flatMap((node) => [node, ...allNodes(node.children ?? [])]);
}

function childrenOf(states: readonly ChartState[], initial: string | null, parent: string): ElkNode[] {
  const side = 2 * DOT_RADIUS;
  const dot = initial === null ? [] : [{ id: `${parent}${DOT}`, width: side, height: side }];
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

function lineOf({ sections }: ElkExtendedEdge): number[] {
  return (sections ?? [])
    .flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint])
    .flatMap(({ x, y }) => [round(x), round(y)]);
}

function boxOf({ x, y, width, height }: Partial<Box>): Box {
  return { x: x ?? 0, y: y ?? 0, width: width ?? 0, height: height ?? 0 };
}

function numbersOf({ x, y, width, height }: Box): [number, number, number, number] {
  return [round(x), round(y), round(width), round(height)];
}

/** A tenth of a pixel is enough, and the same on every machine. */
const round = (value: number): number => Math.round(value * 10) / 10;
