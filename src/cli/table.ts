import { columnsOf, cutMiddle, printable } from '../views/printable.ts';
import type { Piece, Screen } from './screen.ts';
import { styled } from './screen.ts';

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
  /** May be cut in the middle, down to this many columns, when the terminal is narrow. Others are never cut. */
  readonly shrinkTo?: number;
  /** Left out where even the shrunken table would be too wide; the last of them goes first. */
  readonly dispensable?: true;
}

const GAP = 2;

/** A table without lines, as wide as the terminal at most. */
export function printTable(screen: Screen, columns: readonly Column[], rows: readonly (readonly Piece[])[]): void {
  for (const line of tableLines(screen, columns, rows)) screen.raw(`${line}\n`);
}

export function tableLines(
  screen: Screen,
  allColumns: readonly Column[],
  allRows: readonly (readonly Piece[])[],
): readonly string[] {
  const safeRows = allRows.map((row) => row.map(safe));
  const kept = dispense(
    allColumns.map((column, index) => ({ column, index, natural: naturalWidth(column.head, safeRows, index) })),
    screen.columns,
  );
  const widths = fit(kept, screen.columns);
  const line = (cells: readonly Piece[]): string =>
    kept
      .map(({ column }, at) => cell(screen, cells[at] ?? '', widths[at]!, column))
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    line(kept.map(({ column }) => styled('dim', column.head))),
    ...safeRows.map((row) => line(kept.map(({ index }) => row[index] ?? ''))),
  ];
}

function naturalWidth(head: string, rows: readonly (readonly Piece[])[], index: number): number {
  // a spread of 10,000 arguments is too many for some engines
  return rows.reduce((widest, row) => Math.max(widest, columnsOf(textOf(row[index] ?? ''))), columnsOf(head));
}

/** Padded outside of the colour, so that the end of a line holds nothing but spaces to trim. */
function cell(screen: Screen, piece: Piece, width: number, { align }: Column): string {
  const cut = cutPiece(piece, width);
  const padding = ' '.repeat(width - columnsOf(textOf(cut)));
  return align === 'right' ? `${padding}${screen.render([cut])}` : `${screen.render([cut])}${padding}`;
}

interface Measured {
  readonly column: Column;
  readonly index: number;
  readonly natural: number;
}

const leastOf = ({ column, natural }: Measured): number => Math.min(natural, column.shrinkTo ?? natural);

const sum = (widths: readonly number[]): number =>
  widths.reduce((total, width) => total + width, 0) + GAP * (widths.length - 1);

function dispense(columns: readonly Measured[], room: number | null): readonly Measured[] {
  const last = columns.findLast(({ column }) => column.dispensable === true);
  if (room === null || last === undefined || sum(columns.map(leastOf)) <= room) return columns;
  return dispense(
    columns.filter((column) => column !== last),
    room,
  );
}

function safe(piece: Piece): Piece {
  return typeof piece === 'string' ? printable(piece) : { ...piece, text: printable(piece.text) };
}

function textOf(piece: Piece): string {
  return typeof piece === 'string' ? piece : piece.text;
}

function cutPiece(piece: Piece, width: number): Piece {
  return typeof piece === 'string' ? cutMiddle(piece, width) : { ...piece, text: cutMiddle(piece.text, width) };
}

/** Takes from the column with most to spare, until it fits or nothing can shrink any more. */
function fit(columns: readonly Measured[], room: number | null): readonly number[] {
  const widths = columns.map(({ natural }) => natural);
  if (room === null) return widths;
  while (sum(widths) > room) {
    const spare = columns.map((column, at) => widths[at]! - leastOf(column));
    const most = spare.indexOf(Math.max(...spare));
    if ((spare[most] ?? 0) <= 0) break;
    widths[most]! -= 1;
  }
  return widths;
}
