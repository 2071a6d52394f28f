import { printable, printableJson, printableLog } from '../views/printable.ts';

const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;
export type Style = keyof typeof STYLES;

/** A piece of a line. Plain text may come from anybody: it is escaped when it is printed, never before. */
export type Piece = string | { readonly text: string; readonly style: Style };

export const styled = (style: Style, text: string): Piece => ({ text, style });

/** One output stream: who writes to it need not know whether a person or a pipe reads it. */
export interface Screen {
  readonly isTty: boolean;
  /** Null: nobody's terminal, so nothing has to fit. */
  readonly columns: number | null;
  /** Lines of the terminal; null like `columns`. */
  readonly rows: number | null;
  /** One line; control characters in the pieces are shown escaped. */
  line(...pieces: readonly Piece[]): void;
  json(value: unknown): void;
  /** A value a line, for a stream of them. */
  jsonLine(value: unknown): void;
  /** As it is: cursor movements, and lines that were rendered before. */
  raw(text: string): void;
  /** A job's own output: byte for byte into a pipe or a file; on a terminal colours are all that it may do. */
  log(bytes: Uint8Array): void;
  /** The pieces as they would be printed. */
  render(pieces: readonly Piece[]): string;
}

/** `columns` and `rows` may be getters: a terminal is resized while a command runs. */
export interface ScreenOptions {
  readonly write: (text: string | Uint8Array) => void;
  readonly isTty: boolean;
  readonly columns: number | null;
  readonly rows: number | null;
  readonly colour: boolean;
}

export function createScreen(options: ScreenOptions): Screen {
  const { write, isTty, colour } = options;
  const decoder = new TextDecoder();
  const paint = (style: Style, text: string): string => {
    const [on, off] = STYLES[style];
    return colour && text !== '' ? `\u001b[${on}m${printable(text)}\u001b[${off}m` : printable(text);
  };
  const render = (pieces: readonly Piece[]): string =>
    pieces.map((piece) => (typeof piece === 'string' ? printable(piece) : paint(piece.style, piece.text))).join('');
  return {
    isTty,
    get columns() {
      return options.columns;
    },
    get rows() {
      return options.rows;
    },
    render,
    line: (...pieces) => write(`${render(pieces)}\n`),
    json: (value) => write(`${printableJson(value, 2)}\n`),
    jsonLine: (value) => write(`${printableJson(value)}\n`),
    raw: write,
    log: (bytes) => write(isTty ? printableLog(decoder.decode(bytes, { stream: true })) : bytes),
  };
}

/** https://no-color.org: set and not empty. `TERM=dumb` can draw none. */
export function wantsColour(isTty: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  if ((env['FORCE_COLOR'] ?? '') !== '' && env['FORCE_COLOR'] !== '0') return true;
  return isTty && env['TERM'] !== 'dumb';
}

/** `COLUMNS` is how a person says what a pipe is for; without it a pipe gets whole names, for grep. */
export function columnsFrom(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): number | null {
  if (/^[1-9][0-9]{0,4}$/.test(env['COLUMNS'] ?? '')) return Number(env['COLUMNS']);
  return stream.isTTY === true ? (stream.columns ?? 80) : null;
}
