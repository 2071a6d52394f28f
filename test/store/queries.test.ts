import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { insertAttempt, recordProof } from '../../src/store/attempts.ts';
import { countStaged, nextToStage, readCase } from '../../src/store/cases.ts';
import {
  countCases,
  findCases,
  formatCursor,
  journalAfter,
  lastJournalId,
  lastSignOfLife,
  parseCursor,
  turnOf,
} from '../../src/store/queries.ts';
import { updateCase } from '../../src/store/cases.ts';
import { openStore } from '../../src/store/open.ts';
import { admitCase } from '../../src/supervisor/case/admit.ts';
import { commitEvent } from '../../src/supervisor/case/commit.ts';
import type { Store } from '../../src/store/database.ts';

function storeWith(names: readonly string[]): Store {
  const store = openStore(':memory:');
  store.write((tx) => {
    for (const [index, name] of names.entries()) {
      const found = { path: `/new/${index}`, name, fingerprint: 'f', files: 1, sizeBytes: 1 };
      admitCase(tx, `c${index}`, found, 1_000, 1_000 + index);
    }
  });
  return store;
}

describe('the place of a case in the line', () => {
  it('is the one that the dispatcher gives it, whatever the priorities, pauses and lacking proofs', () => {
    const change = fc.record({
      priority: fc.integer({ min: -2, max: 2 }),
      paused: fc.boolean(),
      unproven: fc.boolean(),
      createdAt: fc.integer({ min: 0, max: 4 }).map((hours) => hours * 3_600_000),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const store = storeWith(changes.map((_, index) => `n${index}`));
        store.write((tx) => {
          for (const [index, { unproven, ...columns }] of changes.entries()) {
            updateCase(tx, readCase(tx, `c${index}`)!, columns);
            const token = `t${index}`;
            insertAttempt(tx, { token, caseId: `c${index}`, number: 1, host: 'h', limitMs: 1, createdAt: 1 });
            if (!unproven) recordProof(tx, token, 'gone', 1);
          }
        });
        const line = nextToStage(store.db, 100).map((row) => row.id);
        for (const index of changes.keys()) {
          const id = `c${index}`;
          const place = line.indexOf(id);
          const expected = place === -1 ? null : { position: place + 1, of: line.length };
          expect(turnOf(store.db, { id, phase: 'waiting', host: null })).toEqual(expected);
        }
        store.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('counting', () => {
  it('knows every phase, final ones too', () => {
    const store = storeWith(['a', 'b', 'c']);
    store.write((tx) => {
      commitEvent(tx, 'c0', { type: 'operator.cancelled', by: 'x', why: 'y' }, null, 2_000);
      commitEvent(tx, 'c1', { type: 'host.assigned', host: 'h', token: 't' }, null, 2_000);
    });
    expect(countCases(store.db).toSorted((a, b) => (a.phase < b.phase ? -1 : 1))).toEqual([
      { state: 'failed', phase: 'failed', count: 1 },
      { state: 'submitted', phase: 'staging', count: 1 },
      { state: 'submitted', phase: 'waiting', count: 1 },
    ]);
    expect(countStaged(store.db, 'h')).toBe(1);
    store.close();
  });
});

describe('finding a case', () => {
  it('takes what was typed literally, whatever is in it', () => {
    const hostile = ['100%', '100_', "O'Brien", '*', '\u{10ffff}', ' ', 'a\nb'];
    const store = storeWith(hostile);
    for (const [index, name] of hostile.entries()) {
      expect(findCases(store.db, name, 10).map((row) => row.id)).toEqual([`c${index}`]);
    }
    expect(findCases(store.db, '%', 10)).toEqual([]);
    expect(findCases(store.db, '', 10)).toEqual([]);
    expect(findCases(store.db, '100', 10)).toHaveLength(2);
    expect(findCases(store.db, 'c', 3)).toHaveLength(3);
    store.close();
  });
});

describe('a cursor', () => {
  it('is read back as it was written, and nothing else is one', () => {
    fc.assert(
      fc.property(fc.nat(), fc.stringMatching(/^[a-z0-9]{1,12}$/), (createdAt, id) => {
        expect(parseCursor(formatCursor({ createdAt, id }))).toEqual({ createdAt, id });
      }),
    );
    for (const text of ['', '.', '1.', '.a', '-1.a', '1e3.a', "1.a'", '1.a b']) expect(parseCursor(text)).toBeNull();
  });
});

describe('the journal of all cases', () => {
  it('is read on from the last row that was seen, with names', () => {
    const store = storeWith(['a', 'b']);
    const last = lastJournalId(store.db);
    expect(journalAfter(store.db, 0, 10).map((row) => row.name)).toEqual(['a', 'b']);
    expect(journalAfter(store.db, last, 10)).toEqual([]);
    store.write((tx) => commitEvent(tx, 'c0', { type: 'operator.paused', by: 'x' }, null, 9_000));
    expect(journalAfter(store.db, last, 10)).toMatchObject([{ name: 'a', event: 'operator.paused' }]);
    expect(lastSignOfLife(store.db)).toBe(9_000);
    store.close();
  });

  it('begins at nothing in an unused database', () => {
    const store = openStore(':memory:');
    expect([lastJournalId(store.db), lastSignOfLife(store.db)]).toEqual([0, null]);
    store.close();
  });
});
