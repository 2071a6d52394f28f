import type { ChartState, Trigger } from './chart.ts';

/**
 * Lines of text and the room that they take, without a font at hand: event names are set in a monospaced font, whose
 * advance is known; proportional text is given more room than it needs.
 */

/** How a line is set; the class of its `<text>`. */
export type Voice = 'name' | 'description' | 'event' | 'note';

export interface Line {
  readonly voice: Voice;
  readonly text: string;
}

/** Font sizes and distances between baselines, px, and the widest advance of a letter, in parts of the font size. */
export const FONTS: Readonly<
  Record<Voice, { readonly px: number; readonly leading: number; readonly advance: number }>
> = {
  name: { px: 15, leading: 20, advance: 0.62 },
  description: { px: 12, leading: 16, advance: 0.54 },
  event: { px: 12, leading: 16, advance: 0.61 },
  note: { px: 12, leading: 16, advance: 0.61 },
};

/** Letters a line of a description: boxes stay narrower than the longest event with its guard. */
const DESCRIPTION_LETTERS = 38;

export function widthOf({ voice, text }: Line): number {
  return Math.ceil(text.length * FONTS[voice].px * FONTS[voice].advance);
}

export function heightOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { voice }) => sum + FONTS[voice].leading, 0);
}

export function widestOf(lines: readonly Line[]): number {
  return Math.max(0, ...lines.map(widthOf));
}

/** What stands in the box of a state. */
export function linesOfState(state: ChartState): readonly Line[] {
  return [
    { voice: 'name', text: state.key },
    ...wrapped(state.description ?? '', DESCRIPTION_LETTERS).map((text) => ({ voice: 'description', text }) as const),
    ...state.entry.map((text) => ({ voice: 'note', text: `entry / ${text}` }) as const),
    ...state.exit.map((text) => ({ voice: 'note', text: `exit / ${text}` }) as const),
    ...state.inside.flatMap(linesInside),
  ];
}

function linesInside(trigger: Trigger): readonly Line[] {
  return linesOfTrigger(trigger.enters ? { ...trigger, event: `↻ ${trigger.event}` } : trigger);
}

export function linesOfTrigger({ event, guards }: Trigger): readonly Line[] {
  const [only, second] = guards;
  if (only === undefined) return [{ voice: 'event', text: event }];
  if (second === undefined) return [{ voice: 'event', text: `${event} [${only}]` }];
  return [
    { voice: 'event', text: event },
    ...guards.map((guard) => ({ voice: 'note', text: `  [${guard}]` }) as const),
  ];
}

function wrapped(text: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > letters) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
