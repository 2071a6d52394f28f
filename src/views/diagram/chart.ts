import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** A statechart as a picture needs it: plain data, drawn from a machine. Paths join keys by a dot: `running.executing`. */
export interface Chart {
  readonly id: string;
  readonly description: string | null;
  /** The machine's own `initial`, as a path. */
  readonly initial: string | null;
  readonly states: readonly ChartState[];
  /** Between states, one for each pair; oldest first, as the machine lists them. */
  readonly edges: readonly ChartEdge[];
}

export interface ChartState {
  readonly path: string;
  readonly key: string;
  readonly description: string | null;
  readonly isFinal: boolean;
  readonly initial: string | null;
  /** Names of the entry and exit actions. */
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly tags: readonly string[];
  /** What it takes without leaving: transitions without a target, and those that enter it anew. */
  readonly inside: readonly Trigger[];
  readonly states: readonly ChartState[];
}

export interface ChartEdge {
  readonly from: string;
  readonly to: string;
  readonly triggers: readonly Trigger[];
}

/** An event, and under which guards; none means always. */
export interface Trigger {
  readonly event: string;
  readonly guards: readonly string[];
  /** It enters a state: another one, or (inside one) the same again. */
  readonly enters: boolean;
  /** What happens then, for whoever asks: one line a transition. */
  readonly notes: readonly string[];
}

/** @throws Error when the machine has what these pictures cannot show: parallel states */
export function chartOf(machine: AnyStateMachine): Chart {
  const { root } = machine;
  const nodes = [root, ...descendants(root)];
  return {
    id: machine.id,
    description: root.description ?? null,
    initial: initialOf(root),
    states: childrenOf(root).map(stateOf),
    edges: nodes.flatMap(edgesFrom),
  };
}

const childrenOf = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states);

function descendants(node: AnyStateNode): AnyStateNode[] {
  return childrenOf(node).flatMap((child) => [child, ...descendants(child)]);
}

const pathOf = (node: AnyStateNode): string => node.path.join('.');

function initialOf(node: AnyStateNode): string | null {
  const [target] = node.initial?.target ?? [];
  return target === undefined ? null : pathOf(target);
}

function stateOf(node: AnyStateNode): ChartState {
  if (node.type === 'parallel' || node.type === 'history') {
    throw new Error(`${node.id} is a ${node.type} state: draw it before using one`);
  }
  return {
    path: pathOf(node),
    key: node.key,
    description: node.description ?? null,
    isFinal: node.type === 'final',
    initial: initialOf(node),
    entry: node.entry.map(nameOf),
    exit: node.exit.map(nameOf),
    tags: node.tags,
    inside: triggersOf(waysOf(node).filter((way) => !leads(node, way))),
    states: childrenOf(node).map(stateOf),
  };
}

/** A transition with the words of its guard: `else` after guarded ones for the same event; null means always. */
interface Way {
  readonly definition: AnyTransitionDefinition;
  readonly to: AnyStateNode | null;
  readonly guard: string | null;
}

function waysOf(node: AnyStateNode): Way[] {
  return [...node.transitions.values()].flatMap((choices) =>
    choices.map((definition, index) => ({
      definition,
      // several targets exist in parallel states only
      to: definition.target?.[0] ?? null,
      guard: definition.guard === undefined ? (index === 0 ? null : 'else') : nameOf(definition.guard),
    })),
  );
}

/** A loop is no way out: it is told inside the state. */
const leads = (node: AnyStateNode, { to }: Way): boolean => to !== null && to !== node;

function edgesFrom(node: AnyStateNode): ChartEdge[] {
  const ways = waysOf(node).filter((way) => leads(node, way));
  return grouped(ways, ({ to }) => pathOf(to!)).map(([to, same]) => ({
    from: pathOf(node),
    to,
    triggers: triggersOf(same),
  }));
}

function triggersOf(ways: readonly Way[]): Trigger[] {
  return grouped(ways, ({ definition, to }) => `${definition.eventType}${to === null ? '' : ' again'}`).map(
    ([, same]) => ({
      event: same[0]!.definition.eventType,
      guards: same.some(({ guard }) => guard === null) ? [] : same.map(({ guard }) => guard!),
      enters: same[0]!.to !== null,
      notes: same.map(noteOf),
    }),
  );
}

function noteOf({ definition: { eventType, actions, description }, guard }: Way): string {
  const named = actions.map(nameOf);
  return [
    eventType,
    ...(guard === null ? [] : [`[${guard}]`]),
    ...(named.length === 0 ? [] : [`/ ${named.join(', ')}`]),
    ...(description === undefined ? [] : [`(${description})`]),
  ].join(' ');
}

/** In the order in which the first of each group comes. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups];
}

/** XState keeps an action or a guard as the definition has it: a name, an object with a type, or a function. */
function nameOf(part: unknown): string {
  if (typeof part === 'string') return part;
  if (typeof part === 'function') return part.name === '' ? 'inline' : part.name;
  return typeof part === 'object' && part !== null && 'type' in part ? String(part.type) : '?';
}
