import { describe, expect, it } from 'vitest';
import { createMachine, initialTransition, setup, transition } from 'xstate';
import type { AnyStateMachine, AnyStateNode, MachineConfig } from 'xstate';

import { caseMachine, linkMachine } from '../../../machines/index.ts';
import { chartOf } from '../../../src/views/diagram/chart.ts';
import { machineCode, machineJson } from '../../../src/views/diagram/machine-json.ts';
import { mermaidOf } from '../../../src/views/diagram/mermaid.ts';

const machines: (readonly [string, AnyStateMachine])[] = [
  ['case', caseMachine],
  ['link', linkMachine],
];

const again = (json: unknown): AnyStateMachine =>
  createMachine(JSON.parse(JSON.stringify(json)) as MachineConfig<Record<string, unknown>, { type: string }>);

/** Everything that Stately draws, of each state. */
function drawn(node: AnyStateNode): unknown {
  return {
    id: node.id,
    type: node.type,
    description: node.description,
    tags: node.tags,
    entry: node.entry,
    initial: node.initial?.target.map(({ id }) => id),
    on: [...node.transitions.values()].flat().map(({ eventType, guard, actions, target, reenter, description }) => ({
      eventType,
      guard,
      actions,
      reenter,
      description,
      target: target?.map(({ id }) => id),
    })),
    states: Object.values(node.states).map((child: AnyStateNode) => drawn(child)),
  };
}

describe.each(machines)('the JSON of the %s machine', (_, machine) => {
  it('makes the same machine again: states, events, guards, actions, descriptions', () => {
    expect(drawn(again(machineJson(machine)).root)).toEqual(drawn(machine.root));
  });

  it('begins with the same context', () => {
    const [first] = initialTransition(again(machineJson(machine)));
    const [own] = initialTransition(machine, undefined);
    expect(first.context).toEqual(own.context);
  });

  it('moves as a machine: names without an implementation are no obstacle', () => {
    const copy = again(machineJson(machine));
    const [event] = Object.values(copy.root.states).flatMap((state: AnyStateNode) => state.ownEvents);
    const [first] = initialTransition(copy);
    expect(() => transition(copy, first, { type: event! })).not.toThrow();
  });

  it('is, as code, one call of createMachine with that JSON', () => {
    const code = machineCode(machine);
    const inner =
      /^import \{ createMachine \} from 'xstate';\n\nexport const (\w+) = createMachine\((\{[^]*\})\);\n$/.exec(code);
    expect(inner?.[1]).toBe(`${machine.id}Machine`);
    expect(JSON.parse(inner?.[2] ?? '')).toEqual(machineJson(machine));
  });
});

it('an inline function is refused: it would vanish without a word', () => {
  const machine = setup({}).createMachine({ id: 'm', initial: 'a', states: { a: { entry: () => {} } } });
  expect(() => machineJson(machine)).toThrow('m.states.a.entry is a function: name it in setup() instead');
});

/** Each line that Mermaid's grammar of state diagrams has, as far as it is used; the whole was drawn by Mermaid 11. */
const GRAMMAR = [
  /^stateDiagram-v2$/,
  /^\[\*\] --> \w+$/,
  /^\w+ --> \[\*\]$/,
  /^\w+ --> \w+ : (?:[^:;#<>"{}\n]|<br\/>|#\d+;)+$/,
  /^state "(?:[^:;#<>"{}\n]|#\d+;)+" as \w+(?: \{)?$/,
  /^\}$/,
  /^note right of \w+$/,
  /^end note$/,
];

describe.each(machines)('the Mermaid text of the %s machine', (_, machine) => {
  const lines = mermaidOf(chartOf(machine)).trimEnd().split('\n');

  it('is a state diagram, line by line', () => {
    let inNote = false;
    let depth = 0;
    for (const line of lines.map((text) => text.trim())) {
      if (line === 'end note') inNote = false;
      if (inNote) expect(line).toMatch(/^(?:[^:;#<>"{}]|#\d+;)+$/);
      else expect([line, GRAMMAR.some((rule) => rule.test(line))]).toEqual([line, true]);
      if (line.startsWith('note ')) inNote = true;
      if (!inNote) depth += line.endsWith('{') ? 1 : line === '}' ? -1 : 0;
      expect(depth).toBeGreaterThanOrEqual(0);
    }
    expect([inNote, depth]).toEqual([false, 0]);
  });

  it('names each state once, and draws arrows between named states only', () => {
    const names = lines.flatMap((line) => /^\s*state "[^"]*" as (\w+)/.exec(line)?.[1] ?? []);
    expect(new Set(names).size).toBe(names.length);
    for (const line of lines.filter((text) => text.includes('-->'))) {
      const [from, to] = line.trim().split(' : ')[0]!.split(' --> ');
      for (const end of [from, to]) expect(['[*]', ...names]).toContain(end);
    }
  });

  it('tells each event', () => {
    const text = lines.join('\n');
    for (const event of machine.events) expect(text).toContain(event);
  });
});

it('a label cannot end early or become markup', () => {
  const machine = setup({}).createMachine({
    id: 'm',
    initial: 'a b',
    states: { 'a b': { description: 'x; y: <b>', on: { 'go: now;': 'c' } }, c: { type: 'final' } },
  });
  const text = mermaidOf(chartOf(machine));
  expect(text).toContain('state "a b" as a_32_b');
  expect(text).toContain('x#59; y#58; #60;b#62;');
  expect(text).toContain('a_32_b --> c : go#58; now#59;');
});
