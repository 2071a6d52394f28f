import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { columnsOf, cutMiddle, printable, printableJson, printableLog } from '../../src/views/printable.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
/** What a terminal may obey, or what breaks a line. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

describe('text that somebody else chose', () => {
  it('is one printable line, whatever is in it', () => {
    fc.assert(fc.property(anyText, (text) => !CONTROL.test(printable(text))));
  });

  it('is left as it is when nothing in it is harmful', () => {
    for (const text of ['lung 120 MeV', '前立腺-150MeV', 'Größe', '🧪', "$(rm -rf /) 'x'"]) {
      expect(printable(text)).toBe(text);
    }
  });

  it('shows its control characters instead of obeying them', () => {
    expect(printable('a\nb')).toBe('a\\nb');
    expect(printable('\u001b[2J')).toBe('\\x1b[2J');
    expect(printable('\u009b2J')).toBe('\\x9b2J');
    expect(printable('a\u202eb')).toBe('a\\u202eb');
    expect(printable('\ud800')).toBe('\\ud800');
  });

  it('is the same value in JSON, and no terminal obeys that', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = printableJson({ text });
        return !CONTROL.test(json) && (JSON.parse(json) as { text: string }).text === text;
      }),
    );
  });

  it('may be the log of a job: its layout and colours stay, nothing else does', () => {
    const log = 'a\tb\r\n\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u001b[2J';
    expect(printableLog(log)).toBe('a\tb\r\n\u001b[31mred\u001b[0m \\x1b]0;title\\x07 \\x1b[2J');
  });
});

describe('a text that is too long', () => {
  it('loses its middle, and fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 0, max: 50 }), (text, columns) => {
        const cut = cutMiddle(printable(text), columns);
        return columnsOf(cut) <= columns;
      }),
    );
  });

  it('keeps its beginning and its end, where names of one kind differ', () => {
    expect(cutMiddle('patient-0001-plan-A-fraction-12', 15)).toBe('patient…tion-12');
    expect(cutMiddle('short', 15)).toBe('short');
  });

  it('is measured as terminals draw it', () => {
    expect(columnsOf('前立腺')).toBe(6);
    expect(columnsOf('e\u0301')).toBe(1);
    expect(cutMiddle('前立腺前立腺', 7)).toBe('前…腺');
  });
});
