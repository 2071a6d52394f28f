import type { Layout, Point } from './chart-layout.ts';
import { DOT_RADIUS, PADDING } from './chart-layout.ts';
import { FONTS } from './chart-text.ts';
import type { Line } from './chart-text.ts';
import type { Chart } from './chart.ts';

/** Corners of boxes and of arrows, px. */
const ROUND = { box: 8, bend: 6 } as const;

const SANS = 'system-ui, sans-serif';
const MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace';

/** What the picture is drawn on. */
export interface Paper {
  /** Of the text and the lines; null: as the page around it has it. */
  readonly ink: string | null;
  readonly ground: string;
  /** Whether the ground is painted; a page has its own. */
  readonly painted: boolean;
}

const PAGE: Paper = { ink: null, ground: 'Canvas', painted: false };

/** For a file: programs other than browsers know no colour of a page, and a dark one must not swallow the text. */
export const WHITE_PAPER: Paper = { ink: '#1d2430', ground: '#ffffff', painted: true };

/**
 * One self-contained `<svg>`: no style, no script, nothing to fetch. Colours are the page's own (`currentColor`,
 * `Canvas`), in presentation attributes, which any style sheet overrides by class. A state that is lit has the class
 * `lit`, one that holds it `lit-within`; even without a style sheet it has a thicker border and a darker ground.
 */
export function drawChart(chart: Chart, layout: Layout, lit: ReadonlySet<string>, paper: Paper = PAGE): string {
  const title = `State machine ${chart.id}`;
  const where = lit.size === 0 ? '' : ` Now in ${[...lit].join(', ')}.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="${escaped(title)}"`,
    ` viewBox="0 0 ${layout.width} ${layout.height}" width="${layout.width}" height="${layout.height}"`,
    ` font-family="${SANS}" fill="none" stroke="currentColor" data-machine="${escaped(chart.id)}"${paper.ink === null ? '' : ` color="${paper.ink}"`}>`,
    `<title>${escaped(title)}</title>`,
    `<desc>${escaped(`${chart.description ?? ''}${where}`)}</desc>`,
    ...(paper.painted ? [`<rect width="100%" height="100%" fill="${paper.ground}" stroke="none"/>`] : []),
    ...layout.boxes.map((box) => drawState(box, lit)),
    ...layout.arrows.map(drawArrow),
    ...layout.dots.map(
      ({ x, y }) => `<circle class="chart-dot" cx="${x}" cy="${y}" r="${DOT_RADIUS}" fill="currentColor"/>`,
    ),
    ...layout.arrows.map((arrow) => drawLabel(arrow, paper)),
    '</svg>',
  ].join('');
}

function drawState({ state, text, x, y, width, height }: Layout['boxes'][number], lit: ReadonlySet<string>): string {
  const isLit = lit.has(state.path);
  const isWithin = !isLit && [...lit].some((path) => path.startsWith(`${state.path}.`));
  const classes = [
    'chart-state',
    ...(state.states.length > 0 ? ['compound'] : []),
    ...(state.isFinal ? ['final'] : []),
    ...state.tags,
    ...(isLit ? ['lit'] : []),
    ...(isWithin ? ['lit-within'] : []),
  ];
  const box = (inset: number, radius: number, extra: string): string =>
    `<rect x="${px(x + inset)}" y="${px(y + inset)}" width="${px(width - 2 * inset)}" height="${px(height - 2 * inset)}" rx="${radius}"${extra}/>`;
  return [
    `<g class="${escaped(classes.join(' '))}" data-path="${escaped(state.path)}"${isLit ? ' aria-current="step"' : ''}>`,
    `<title>${escaped([state.path, state.description ?? ''].filter((text) => text !== '').join(': '))}</title>`,
    box(
      0,
      ROUND.box,
      ` class="chart-box" fill="currentColor" fill-opacity="${isLit ? 0.14 : 0.03}" stroke-width="${isLit ? 3 : 1.2}"`,
    ),
    ...(state.isFinal ? [box(4, ROUND.box - 3, ' class="chart-inner"')] : []),
    drawLines(text.lines, text.x, text.y),
    '</g>',
  ].join('');
}

function drawLines(lines: readonly Line[], left: number, top: number): string {
  let y = top;
  return lines
    .map(({ voice, text }) => {
      const font = FONTS[voice];
      y += font.leading;
      const family = voice === 'event' || voice === 'note' ? ` font-family="${MONO}"` : '';
      const weight = voice === 'name' ? ' font-weight="600"' : '';
      const indent = text.length - text.trimStart().length;
      const x = left + indent * font.px * font.advance;
      const baseline = y - (font.leading - font.px) / 2 - font.px * 0.2;
      return `<text class="chart-${voice}" x="${px(x)}" y="${px(baseline)}" font-size="${font.px}"${family}${weight} fill="currentColor" stroke="none">${escaped(text.trim())}</text>`;
    })
    .join('');
}

type Arrow = Layout['arrows'][number];

function drawArrow({ points, told }: Arrow): string {
  const edge = told === null ? '' : ` data-from="${escaped(told.edge.from)}" data-to="${escaped(told.edge.to)}"`;
  return [
    `<g class="chart-arrow${told === null ? ' initial' : ''}"${edge}>`,
    `<path d="${pathThrough(points)}" stroke-width="1.2"/>`,
    `<path class="chart-head" d="${headAt(points)}" fill="currentColor" stroke="none"/>`,
    '</g>',
  ].join('');
}

function drawLabel({ told }: Arrow, { ground }: Paper): string {
  if (told === null) return '';
  const { edge, label, lines } = told;
  const notes = edge.triggers.flatMap((trigger) => trigger.notes).join('\n');
  return [
    `<g class="chart-label" data-from="${escaped(edge.from)}" data-to="${escaped(edge.to)}">`,
    `<title>${escaped(`${edge.from} → ${edge.to}\n${notes}`)}</title>`,
    `<rect class="chart-pill" x="${px(label.x)}" y="${px(label.y)}" width="${px(label.width)}" height="${px(label.height)}" rx="5" fill="${ground}" stroke-width="0.8" stroke-opacity="0.45"/>`,
    drawLines(lines, label.x + PADDING.label, label.y + PADDING.label),
    '</g>',
  ].join('');
}

/** Straight pieces with rounded bends. */
function pathThrough(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const before = points[index - 1];
      const after = points[index + 1];
      if (before === undefined) return `M${at(point)}`;
      if (after === undefined) return `L${at(point)}`;
      return `L${at(towards(point, before))}Q${at(point)} ${at(towards(point, after))}`;
    })
    .join('');
}

/** A little on the way from a bend to its neighbour; never past the middle. */
function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(ROUND.bend, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

const HEAD = { long: 9, half: 4 } as const;

/** The arrow's head is drawn, not a marker: markers go by ids, which must be unique on a whole page. */
function headAt(points: readonly Point[]): string {
  const tip = points.at(-1);
  const before = points.at(-2);
  if (tip === undefined || before === undefined) return '';
  const length = Math.hypot(tip.x - before.x, tip.y - before.y) || 1;
  const along = { x: (tip.x - before.x) / length, y: (tip.y - before.y) / length };
  const base = { x: tip.x - along.x * HEAD.long, y: tip.y - along.y * HEAD.long };
  const left = { x: base.x - along.y * HEAD.half, y: base.y + along.x * HEAD.half };
  const right = { x: base.x + along.y * HEAD.half, y: base.y - along.x * HEAD.half };
  return `M${at(tip)}L${at(left)}L${at(right)}Z`;
}

/** A tenth of a pixel is enough, and keeps the picture small. */
const px = (value: number): string => String(Math.round(value * 10) / 10);
const at = ({ x, y }: Point): string => `${px(x)} ${px(y)}`;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (letter) => ESCAPES[letter]!);
}
