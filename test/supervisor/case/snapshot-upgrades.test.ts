import { readFileSync, readdirSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { CONTEXT_VERSION } from '../../../machines/index.ts';
import { persistSnapshot, phaseOf, restoreSnapshot } from '../../../src/supervisor/case/snapshot.ts';
import { upgraded } from '../../../src/supervisor/case/snapshot-upgrades.ts';

const FOLDER = new URL('../../fixtures/snapshots/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');
const old = readdirSync(FOLDER).filter((name) => !name.startsWith(`case.v${CONTEXT_VERSION}.`));

/** As a daemon takes a case up again. @throws when the snapshot cannot be read */
function restored(text: string) {
  const outcome = restoreSnapshot(text);
  if (outcome.kind === 'unreadable') throw new Error(outcome.reason);
  return outcome.snapshot;
}

test('there are committed snapshots of every version before this one', () => {
  const versions = new Set(old.map((name) => Number(/^case\.v([0-9]+)\./.exec(name)?.[1])));
  expect([...versions]).toEqual(Array.from({ length: CONTEXT_VERSION - 1 }, (_, index) => index + 1));
});

describe.each(old)('%s', (name) => {
  test('is taken up as a case of this version, in the phase that it was in', () => {
    const snapshot = restored(read(name));
    expect(snapshot.context.version).toBe(CONTEXT_VERSION);
    expect(phaseOf(snapshot)).toBe(/^case\.v[0-9]+\.([a-z]+)/.exec(name)?.[1]);
  });

  test('is written in this version, and read again as the same', () => {
    const snapshot = restored(read(name));
    expect(restored(persistSnapshot(snapshot)).toJSON()).toEqual(snapshot.toJSON());
  });
});

test.each(old.filter((name) => !name.includes('-')))('%s is upgraded to what this version writes itself', (name) => {
  const now = JSON.parse(read(name.replace(/v[0-9]+/, `v${CONTEXT_VERSION}`))) as unknown;
  expect(upgraded(JSON.parse(read(name)))).toEqual(now);
});

test('a case of version 1 that is blind refers to no spell, which its database did not know', () => {
  expect(restored(read('case.v1.executing-blind.json')).context.blind).toEqual({
    cause: 'link',
    sinceMs: 1_000,
    spell: null,
  });
});

test('a job of version 1 that a signal ended keeps the signal, and has no exit code', () => {
  expect(restored(read('case.v1.failed-killed.json')).context.failure).toMatchObject({
    kind: 'job_killed',
    signal: 'SIGKILL',
    exitCode: null,
  });
});

test.each([
  ['a newer version than this one', { context: { version: CONTEXT_VERSION + 1 } }],
  ['no version', { context: {} }],
  ['no context', { value: 'failed' }],
  ['no snapshot', [1, 2]],
  ['nothing', null],
])('%s is left as it is, and cannot be read', (_, value) => {
  expect(upgraded(value)).toBe(value);
  expect(restoreSnapshot(JSON.stringify(value))).toMatchObject({ kind: 'unreadable' });
});
