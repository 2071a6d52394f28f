import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { columnsOf } from '../../src/views/printable.ts';
import { createScreen, styled } from '../../src/cli/screen.ts';
import type { Screen } from '../../src/cli/screen.ts';
import { tableLines } from '../../src/cli/table.ts';

function screen(columns: number | null, colour = false): Screen {
  return createScreen({ write: () => {}, isTty: true, columns, rows: null, colour });
}

const COLUMNS = [
  { head: 'ID' },
  { head: 'NAME', shrinkTo: 8 },
  { head: 'PHASE' },
  { head: 'NOTE', shrinkTo: 4, dispensable: true },
] as const;

describe('a table', () => {
  it('is never wider than the terminal, and never more than a line a row', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 60 })), {
          maxLength: 5,
        }),
        fc.integer({ min: 24, max: 120 }),
        (cells, columns) => {
          const rows = cells.map(([name, note]) => ['c1', name, 'executing', styled('red', note)]);
          const lines = tableLines(screen(columns), COLUMNS, rows);
          expect(lines).toHaveLength(rows.length + 1);
          for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });

  it('shows whole names where nothing has to fit', () => {
    const name = 'n'.repeat(300);
    expect(tableLines(screen(null), COLUMNS, [['c1', name, 'staged', '']])[1]).toContain(name);
  });

  it('leaves out what is dispensable before it is wider than the terminal', () => {
    const lines = tableLines(screen(26), COLUMNS, [['c1', 'a-long-name-of-a-case', 'executing', 'paused']]);
    expect(lines).toEqual(['ID  NAME         PHASE', 'c1  a-lon…-case  executing']);
  });

  it('has colours only where they are wanted', () => {
    const rows = [['c1', styled('red', 'x'), 'staged', '']];
    expect(tableLines(screen(80, true), COLUMNS, rows).join('')).toContain('\u001b[31m');
    expect(tableLines(screen(80), COLUMNS, rows).join('')).not.toContain('\u001b');
  });
});
