/**
 * Text that a user, a host or a job chose, made safe for a terminal: a case may be called `\x1b[2J`. Everything that the
 * CLI prints passes through here or through `JSON.stringify`.
 */

/** C0, DEL, C1 (a terminal may obey U+009B as it does ESC [), line separators, and what turns the direction of text. */
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udfff]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One line, whatever is in it. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, escaped);
}

/** For a job's own log on a terminal: line ends, tabs and colours are its business, the rest is shown escaped. */
export function printableLog(text: string): string {
  return text
    .split(/(\u001b\[[0-9;]*m)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(UNPRINTABLE, keepingLayout)))
    .join('');
}

function keepingLayout(character: string): string {
  return character === '\n' || character === '\r' || character === '\t' ? character : escaped(character);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return SHORT[character] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`);
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

/** What `JSON.stringify` leaves as it is, though a terminal may obey it. */
const LEFT_IN_JSON = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** JSON of the same value that no terminal obeys. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(
    LEFT_IN_JSON,
    (character) => `\\u${hex(character.charCodeAt(0), 4)}`,
  );
}

/** East Asian wide and emoji, as terminals draw them: two columns. Ranges of Unicode's EastAsianWidth, coarse. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

/** Columns of printable text on a terminal. */
export function columnsOf(text: string): number {
  // nearly all text is this, and a list has tens of thousands of cells
  if (/^[ -~]*$/.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += /\p{Mark}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** At most `columns` wide; the middle goes, since names of one kind begin alike and end differently. */
export function cutMiddle(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns <= 1) return '…'.slice(0, Math.max(0, columns));
  const characters = Array.from(text);
  const head = take(characters, Math.ceil((columns - 1) / 2));
  const tail = take(characters.toReversed(), Math.floor((columns - 1) / 2)).reverse();
  return `${head.join('')}…${tail.join('')}`;
}

function take(characters: readonly string[], columns: number): string[] {
  const taken: string[] = [];
  let room = columns;
  for (const character of characters) {
    room -= columnsOf(character);
    if (room < 0) break;
    taken.push(character);
  }
  return taken;
}
