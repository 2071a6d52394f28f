import type { CaseState, Phase } from '../domain/case.ts';
import { formatDuration } from '../domain/duration.ts';
import { styled } from './screen.ts';
import type { Piece, Style } from './screen.ts';

/** How states look everywhere: final ones by verdict, the others by who has to do something. */
const STYLE_OF: Readonly<Record<CaseState, Style>> = {
  submitted: 'dim',
  submitting: 'yellow',
  running: 'cyan',
  completed: 'green',
  failed: 'red',
};

export function stateWord(state: CaseState): Piece {
  return styled(STYLE_OF[state], state);
}

export function phaseWord(state: CaseState, phase: Phase): Piece {
  return styled(STYLE_OF[state], phase);
}

/** `5m 02s`, how long ago; a clock that was set back says 0. */
export function age(atMs: number, nowMs: number): string {
  return formatDuration(Math.max(0, nowMs - atMs));
}

/** Local wall-clock time, seconds: `2026-01-02 03:04:05`. */
export function localTime(atMs: number): string {
  // Swedish writes dates as ISO 8601 does
  return new Date(atMs).toLocaleString('sv-SE');
}

/** `HOST/SLOT`, `HOST`, or nothing yet. */
export function place(host: string | null, slot: string | null): string {
  if (host === null) return '';
  return slot === null ? host : `${host}/${slot}`;
}

export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}
