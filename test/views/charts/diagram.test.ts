import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import type { AnyStateMachine, AnyStateNode } from 'xstate';

import { caseMachine, linkMachine } from '../../../machines/index.ts';
import { renderChart } from '../../../src/views/diagram.ts';
import { layoutOf } from '../../../src/views/diagram/chart-layout.ts';
import type { Box } from '../../../src/views/diagram/chart-layout.ts';
import { heightOf, widestOf } from '../../../src/views/diagram/chart-text.ts';
import { chartOf } from '../../../src/views/diagram/chart.ts';

const machines: (readonly [string, AnyStateMachine])[] = [
  ['case', caseMachine],
  ['link', linkMachine],
];

function nodesOf(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states).flatMap((child: AnyStateNode) => [child, ...nodesOf(child)]);
}

/** What a person can read in it: the text elements, in order. */
const textsOf = (svg: string): string[] => [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);

const apart = (a: Box, b: Box): boolean =>
  a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;

describe.each(machines)('the picture of the %s machine', (_, machine) => {
  const svg = renderChart(machine, []);
  const texts = textsOf(svg).join('\n');

  it('shows each state by its name, with its words', () => {
    for (const node of nodesOf(machine.root)) {
      expect(svg).toContain(`data-path="${node.path.join('.')}"`);
      expect(textsOf(svg)).toContain(node.key);
      const [first = ''] = (node.description ?? '').split(' ');
      expect(texts).toContain(first);
    }
  });

  it('shows each event that a state takes, each guard, and the work of each state', () => {
    const ways = [machine.root, ...nodesOf(machine.root)].flatMap((node) => [...node.transitions.values()].flat());
    expect(ways.length).toBeGreaterThan(3);
    for (const { eventType, guard } of ways) {
      expect(texts).toContain(eventType);
      if (typeof guard === 'string') expect(texts).toContain(`[${guard}]`);
    }
    const work = nodesOf(machine.root).flatMap((node) => node.entry.filter((entry) => typeof entry === 'string'));
    expect(work.length).toBeGreaterThan(1);
    for (const entry of work) expect(texts).toContain(`entry / ${entry}`);
  });

  it('draws one arrow for each pair of states that a transition joins', () => {
    const pairs = new Set(
      nodesOf(machine.root).flatMap((node) =>
        [...node.transitions.values()]
          .flat()
          .flatMap(({ target }) => target ?? [])
          .filter((target) => target !== node)
          .map((target) => `data-from="${node.path.join('.')}" data-to="${target.path.join('.')}"`),
      ),
    );
    const drawn = [...svg.matchAll(/class="chart-arrow" (data-from="[^"]*" data-to="[^"]*")/g)].map(([, pair]) => pair);
    expect(new Set(drawn)).toEqual(pairs);
    expect(drawn).toHaveLength(pairs.size);
  });

  it('runs nothing, loads nothing and sets no style: it can stand in a page with a strict policy', () => {
    expect(svg).not.toMatch(/<(style|script|image|use|foreignObject|a)\b| style=| on[a-z]+=|href|url\(|@import/);
    expect(svg.match(/https?:[^"]*/g)).toEqual(['http://www.w3.org/2000/svg']);
  });

  it('has a title and a description for who cannot see it', () => {
    expect(svg).toMatch(/^<svg [^>]*role="img"[^>]*><title>State machine [a-z]+<\/title><desc>[^<]+<\/desc>/);
  });

  it('covers no words: labels keep clear of each other and of the states, and each text fits its box', () => {
    const { boxes, arrows, width, height } = layoutOf(chartOf(machine));
    const labels = arrows.flatMap(({ told }) => (told === null ? [] : [told]));
    const leaves = boxes.filter(({ state }) => state.states.length === 0);
    const words = boxes.map(({ text }) => ({ ...text, width: widestOf(text.lines), height: heightOf(text.lines) }));
    const solid: Box[] = [...labels.map(({ label }) => label), ...leaves];
    for (const [index, one] of solid.entries()) {
      for (const other of solid.slice(index + 1)) expect([one, other, apart(one, other)]).toEqual([one, other, true]);
      expect(one.x >= 0 && one.y >= 0 && one.x + one.width <= width && one.y + one.height <= height).toBe(true);
    }
    for (const [index, text] of words.entries()) {
      const box = boxes[index]!;
      expect(text.x + text.width <= box.x + box.width && text.y + text.height <= box.y + box.height).toBe(true);
      for (const { label } of labels) expect(apart(label, text)).toBe(true);
    }
    for (const { label, lines } of labels) {
      expect(widestOf(lines) <= label.width && heightOf(lines) <= label.height).toBe(true);
    }
  });

  it('lets no arrow run across words', () => {
    const { boxes, arrows } = layoutOf(chartOf(machine));
    const words = boxes.map(({ text }) => ({ ...text, width: widestOf(text.lines), height: heightOf(text.lines) }));
    for (const { points } of arrows) {
      for (const [index, to] of points.entries()) {
        const from = points[index - 1] ?? to;
        const piece = {
          x: Math.min(from.x, to.x),
          y: Math.min(from.y, to.y),
          width: Math.abs(from.x - to.x),
          height: Math.abs(from.y - to.y),
        };
        for (const text of words) expect(apart(piece, text)).toBe(true);
      }
    }
  });
});

describe('the lit state', () => {
  const classOf = (svg: string, path: string): string =>
    new RegExp(`<g class="([^"]*)" data-path="${path}"`).exec(svg)?.[1] ?? '';

  it('is marked, and so is what holds it; nothing else is', () => {
    const svg = renderChart(caseMachine, ['running.executing']);
    expect(classOf(svg, 'running.executing').split(' ')).toContain('lit');
    expect(classOf(svg, 'running').split(' ')).toContain('lit-within');
    expect(svg.match(/class="[^"]*\blit\b(?!-)[^"]*"/g)).toHaveLength(1);
    expect(svg.match(/lit-within/g)).toHaveLength(1);
    expect(svg.match(/aria-current="step"/g)).toHaveLength(1);
    expect(svg).toContain('Now in running.executing.');
  });

  it('may be several, a final one, or none', () => {
    expect(classOf(renderChart(caseMachine, ['completed']), 'completed')).toContain('lit');
    const two = renderChart(caseMachine, ['submitted.waiting', 'running.queued']);
    expect(two.match(/class="[^"]* lit"/g)).toHaveLength(2);
    expect(renderChart(caseMachine, [])).not.toMatch(/class="[^"]*\blit\b/);
  });
});

describe('a machine without a picture', () => {
  it('is named, with the command that draws it', () => {
    const other = setup({}).createMachine({ id: 'other', initial: 'a', states: { a: {} } });
    expect(() => renderChart(other, [])).toThrow(
      'the picture of machine other has no place for the machine: npm run charts',
    );
  });

  it('has no parallel states yet', () => {
    const other = setup({}).createMachine({
      id: 'case',
      initial: 'a',
      states: { a: { type: 'parallel', states: { b: {}, c: {} } } },
    });
    expect(() => renderChart(other, [])).toThrow('case.a is a parallel state');
  });
});

it('text from a machine cannot become markup', () => {
  const other = setup({}).createMachine({
    id: 'link',
    initial: 'connecting',
    states: {
      connecting: { description: '<script>"&', on: { '<b>': { target: 'online' } } },
      online: {},
    },
  });
  expect(() => renderChart(other, [])).not.toThrow();
  expect(renderChart(other, [])).not.toMatch(/<script|<b>/);
  expect(renderChart(other, [])).toContain('&lt;script&gt;&quot;&amp;');
});
