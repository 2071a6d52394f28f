import type { Chart, ChartState, Trigger } from './chart.ts';

/**
 * A statechart as a Mermaid `stateDiagram-v2`, which GitHub and GitLab draw in a fenced block. What a state takes
 * without leaving it stands in a note: Mermaid cannot draw a loop at a state that holds others.
 */
export function mermaidOf(chart: Chart): string {
  return [
    'stateDiagram-v2',
    ...indented([
      ...initialLine(chart.initial),
      ...chart.states.flatMap(stateLines),
      ...chart.edges.map(
        ({ from, to, triggers }) => `${idOf(from)} --> ${idOf(to)} : ${joined(triggers.flatMap(words))}`,
      ),
      ...finals(chart.states).map(({ path }) => `${idOf(path)} --> [*]`),
    ]),
    '',
  ].join('\n');
}

function stateLines(state: ChartState): string[] {
  const id = idOf(state.path);
  const inner = [...initialLine(state.initial), ...state.states.flatMap(stateLines)];
  return [
    `state "${escaped(state.key)}" as ${id}${inner.length === 0 ? '' : ' {'}`,
    ...(inner.length === 0 ? [] : [...indented(inner), '}']),
    ...noteLines(state),
  ];
}

function noteLines(state: ChartState): string[] {
  const lines = [
    ...(state.description === null ? [] : [state.description]),
    ...state.entry.map((action) => `entry / ${action}`),
    ...state.exit.map((action) => `exit / ${action}`),
    ...state.inside.flatMap(words),
  ];
  if (lines.length === 0) return [];
  return [`note right of ${idOf(state.path)}`, ...indented(lines.map(escaped)), 'end note'];
}

const initialLine = (initial: string | null): string[] => (initial === null ? [] : [`[*] --> ${idOf(initial)}`]);

function finals(states: readonly ChartState[]): ChartState[] {
  return states.filter(({ isFinal }) => isFinal);
}

function words({ event, guards }: Trigger): string[] {
  return guards.length === 0 ? [event] : guards.map((guard) => `${event} [${guard}]`);
}

const joined = (lines: readonly string[]): string => lines.map(escaped).join('<br/>');

const indented = (lines: readonly string[]): string[] => lines.map((line) => `    ${line}`);

/** Mermaid takes letters, digits and `_`; a key may hold anything. */
function idOf(path: string): string {
  return path.replaceAll(/[^A-Za-z0-9]/g, (letter) => (letter === '.' ? '__' : `_${letter.codePointAt(0)!}_`));
}

/** What would end a label or be read as markup, by its number, as Mermaid wants it. */
function escaped(text: string): string {
  return text.replaceAll(/[:;#<>"{}&\n]/g, (letter) => `#${letter.codePointAt(0)!};`);
}
