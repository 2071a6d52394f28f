import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { caseMachine } from '../../machines/index.ts';
import { EFFECTS } from '../../src/domain/case.ts';
import { pointsTried } from './restart.contract.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CALL = /\bfailPoint\(\s*(['`])((?:(?!\1).)+)\1/g;

/** Every call of a fail point in the program, as it is written there. */
function written(): string[] {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(ROOT, 'src', file), 'utf8'));
  return sources.flatMap((text) => [...text.matchAll(CALL)].map((match) => match[2]!));
}

/** What is committed beside the machine's own events. */
function outsideEvents(): string[] {
  const text = readFileSync(join(ROOT, 'src', 'supervisor', 'case', 'commit.ts'), 'utf8');
  const union = /export type OutsideEvent = ([^;]+);/.exec(text)![1]!;
  return [...union.matchAll(/'([^']+)'/g)].map((match) => match[1]!);
}

/** What stands in the place of each expression that a fail point's name is made of. */
function expanded(name: string): string[] {
  const events = caseMachine.events.map(String);
  switch (/\$\{(.+)\}/.exec(name)?.[1]) {
    case undefined:
      return [name];
    case 'effect':
      return EFFECTS.map((effect) => name.replace('${effect}', effect));
    case 'event.type':
      return events.map((event) => name.replace('${event.type}', event));
    case 'change.event.type':
      return [...events, ...outsideEvents()].map((event) => name.replace('${change.event.type}', event));
    default:
      throw new Error(`a fail point of a form that this test does not know: ${name}`);
  }
}

/** Points that no case and no host passes, and the test that kills a daemon there. */
const ELSEWHERE = new Map([
  ['notify.answer', 'test/e2e/notifications.test.ts'],
  // nothing is lost or done there: a daemon is held up at it
  ['tick', 'test/e2e/service.test.ts'],
]);

test('a daemon is killed at every fail point there is, on each kind of host', () => {
  const names = written();
  expect(names.length).toBeGreaterThan(5);
  const all = new Set(names.flatMap(expanded));
  expect(all.size).toBeGreaterThan(50);
  const tried = pointsTried();
  expect([...all].filter((name) => !tried.has(name) && !ELSEWHERE.has(name)).toSorted()).toEqual([]);
  expect([...tried].filter((name) => !all.has(name)).toSorted()).toEqual([]);
  for (const [name, file] of ELSEWHERE) expect(readFileSync(join(ROOT, file), 'utf8')).toContain(`'${name}=`);
  // both kinds of host run the one contract, whole
  for (const [file, points] of [
    ['test/crash/restart.test.ts', "points: 'all'"],
    ['test/hpc/restart.test.ts', "points: IS_LONG ? 'all' : 'main'"],
  ] as const) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    expect(text).toContain('restartContract(');
    expect(text).toContain(points);
  }
});
