import { expect, onTestFinished, test } from 'vitest';

import type { Store } from '../../src/store/database.ts';
import { openStore } from '../../src/store/open.ts';
import { SAME_SPELL_MS, beginSpell, endSpell, forgetSpells, spellsSince } from '../../src/store/spells.ts';

function store(): Store {
  const opened = openStore(':memory:');
  onTestFinished(() => opened.close());
  return opened;
}
const lose = (to: Store, at: number, host = 'gpu1'): number =>
  to.write((tx) => beginSpell(tx, host, 'link', 'no route', at));
const find = (to: Store, at: number, host = 'gpu1'): void => to.write((tx) => endSpell(tx, host, at));

test('a host that is lost again and again before it was proven is in one spell', () => {
  const one = store();
  const spell = lose(one, 1_000);
  expect(lose(one, 2_000)).toBe(spell);
  expect(one.write((tx) => beginSpell(tx, 'gpu1', 'queue', 'pueued is down', 3_000))).toBe(spell);
  expect(spellsSince(one.db, 0)).toEqual([
    {
      id: spell,
      host: 'gpu1',
      cause: 'queue',
      reason: 'pueued is down',
      since: 1_000,
      last: 3_000,
      times: 3,
      endedAt: null,
    },
  ]);
});

test('one that flickers is in one spell too; one that was well for a while begins another', () => {
  const one = store();
  const spell = lose(one, 1_000);
  find(one, 2_000);
  expect(lose(one, 2_000 + SAME_SPELL_MS - 1)).toBe(spell);
  find(one, 5_000_000);
  const next = lose(one, 5_000_000 + SAME_SPELL_MS);
  expect(next).not.toBe(spell);
  expect(spellsSince(one.db, 0)).toMatchObject([
    { id: spell, since: 1_000, times: 2, endedAt: 5_000_000 },
    { id: next, since: 5_000_000 + SAME_SPELL_MS, times: 1, endedAt: null },
  ]);
});

test('the spells of two hosts are their own', () => {
  const one = store();
  const [here, there] = [lose(one, 1_000), lose(one, 1_000, 'gpu2')];
  expect(here).not.toBe(there);
  find(one, 2_000, 'gpu2');
  expect(spellsSince(one.db, 0).map(({ endedAt }) => endedAt)).toEqual([null, 2_000]);
  expect(spellsSince(one.db, 0, 'gpu2').map(({ id }) => id)).toEqual([there]);
  expect(spellsSince(one.db, 2_001).map(({ id }) => id)).toEqual([here]);
});

test('only what has ended is forgotten', () => {
  const one = store();
  lose(one, 1_000);
  find(one, 2_000);
  lose(one, 1_000, 'gpu2');
  one.write((tx) => forgetSpells(tx, 2_000));
  expect(spellsSince(one.db, 0)).toHaveLength(2);
  one.write((tx) => forgetSpells(tx, 2_001));
  expect(spellsSince(one.db, 0)).toMatchObject([{ host: 'gpu2', endedAt: null }]);
});
