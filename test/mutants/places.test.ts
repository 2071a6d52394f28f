import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { MUTANTS } from './all.ts';

const TOP = join(import.meta.dirname, '..', '..');

// they are tried by command only: what a change of the code has moved is told at once
describe.each([...MUTANTS])('of the mutants of %s', (_, mutants) => {
  test('each has its place exactly once, and the tests that have to see it', () => {
    const lost = mutants.flatMap(({ name, file, find, tests }) => {
      const places = existsSync(join(TOP, file)) ? readFileSync(join(TOP, file), 'utf8').split(find).length - 1 : 0;
      const missing = tests.filter((path) => !existsSync(join(TOP, path)));
      return places === 1 && missing.length === 0 ? [] : [{ name, file, places, missing }];
    });
    expect(lost).toEqual([]);
  });

  test('each has a name of its own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });
});
