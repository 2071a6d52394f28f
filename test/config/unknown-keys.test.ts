import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { allKeys, isMap } from '../../src/config/outline.ts';
import { nearest } from '../../src/config/nearest.ts';
import { EVERYTHING, loadText, problemsOf } from './load-text.ts';

const FREE_NAMES = ['hosts', 'env', 'sinks'];

/** Paths of all maps whose keys the schema fixes. */
function mapsOf(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (Array.isArray(value)) return value.flatMap((item, at) => mapsOf(item, [...path, at]));
  if (!isMap(value)) return [];
  const own = FREE_NAMES.includes(String(path.at(-1))) ? [] : [path];
  return [...own, ...Object.entries(value).flatMap(([name, child]) => mapsOf(child, [...path, name]))];
}

function at(value: unknown, path: readonly (string | number)[]): Record<string, unknown> {
  return path.reduce((here, step) => (here as Record<string | number, unknown>)[step], value) as Record<
    string,
    unknown
  >;
}

const MAPS = mapsOf(parse(EVERYTHING));

describe('an unknown key', () => {
  test('is looked for in every map that the schema knows', () => {
    const fixed = new Set(allKeys().map(({ path }) => path.slice(0, -1).join('.')));
    const tried = new Set(
      MAPS.map((path) =>
        path
          .map((step, depth) =>
            typeof step === 'number' ? '[]' : ['hosts', 'sinks'].includes(String(path[depth - 1])) ? '*' : step,
          )
          .join('.'),
      ),
    );
    expect([...fixed].filter((path) => !tried.has(path))).toEqual([]);
  });

  test('is named with its line and the key that was meant, at every level', () => {
    const places = MAPS.flatMap((path) => Object.keys(at(parse(EVERYTHING), path)).map((key) => ({ path, key })));
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.nat(),
        fc.constantFrom('x', 'q', '_', '9'),
        ({ path, key }, seed, letter) => {
          const value: unknown = parse(EVERYTHING);
          const spot = 1 + (seed % key.length);
          const typo = `${key.slice(0, spot)}${letter}${key.slice(spot)}`;
          const map = at(value, path);
          fc.pre(!(typo in map));
          map[typo] = map[key];
          const yaml = stringify(value);
          const found = problemsOf(loadText(yaml)).find(({ key }) => key?.endsWith(typo) === true);
          expect(found?.suggestion).toBe(key);
          const written = yaml.split('\n').findIndex((text) => text.includes(`${typo}:`));
          expect(found?.where).toMatch(new RegExp(`^mqi\\.yaml:${written + 1}:\\d+$`));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('as the only problem is the only problem', () => {
    for (const path of MAPS) {
      const value: unknown = parse(EVERYTHING);
      at(value, path)['zzzzzzzz'] = 1;
      expect(problemsOf(loadText(stringify(value)))).toMatchObject([{ suggestion: null }]);
    }
  });

  test('called __proto__ or constructor is as unknown as any other', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const found = problemsOf(loadText(`${EVERYTHING}${name}: { x: 1 }\n`)).map(({ key }) => key);
      expect(found).toEqual([name]);
    }
  });
});

describe('the nearest word', () => {
  test.each([
    ['quietPeriod', 'quiet_period'],
    ['QUIET-PERIOD', 'quiet_period'],
    ['quiet', 'quiet_period'],
    ['pth', 'path'],
    ['dpeth', 'depth'],
    ['elephant', null],
    ['', null],
    ['__', null],
  ])('to %j is %j', (word, expected) => {
    expect(nearest(word, ['path', 'quiet_period', 'depth'])).toBe(expected);
  });
});
