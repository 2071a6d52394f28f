import { expect, test } from 'vitest';

import { assertNever } from '../../src/domain/assert-never.ts';
import { CASE_STATES, EFFECTS, PHASES, SLOT_HOLDING_PHASES, isFinal, stateOf } from '../../src/domain/case.ts';
import type { Phase } from '../../src/domain/case.ts';
import { FAILURE_KINDS } from '../../src/domain/failure.ts';

const phases: readonly Phase[] = Object.values(PHASES).flat();

test('a case is in one of five states, in the order in which it passes them', () => {
  expect(CASE_STATES).toEqual(['submitted', 'submitting', 'running', 'completed', 'failed']);
  expect(Object.keys(PHASES)).toEqual(CASE_STATES);
});

test('each phase belongs to one state', () => {
  expect(new Set(phases).size).toBe(phases.length);
  const states = Object.fromEntries(phases.map((phase) => [phase, stateOf(phase)]));
  expect(states).toEqual({
    waiting: 'submitted',
    staging: 'submitted',
    staged: 'submitted',
    creating: 'submitting',
    confirming: 'submitting',
    releasing: 'running',
    queued: 'running',
    executing: 'running',
    stopping: 'running',
    collecting: 'running',
    completed: 'completed',
    failed: 'failed',
  });
});

test('only completed and failed are final', () => {
  expect(CASE_STATES.filter(isFinal)).toEqual(['completed', 'failed']);
});

test('a slot is held from the lease to the proof: in submitting, and in running but for collecting', () => {
  const holding = phases.filter((phase) => SLOT_HOLDING_PHASES.has(phase));
  expect(holding).toEqual(
    phases.filter((phase) => ['submitting', 'running'].includes(stateOf(phase)) && phase !== 'collecting'),
  );
});

test('no word is used twice', () => {
  expect(new Set(EFFECTS).size).toBe(6);
  expect(new Set(FAILURE_KINDS).size).toBe(FAILURE_KINDS.length);
});

test('a value outside its union, which the compiler has ruled out, is thrown with its name', () => {
  expect(() => assertNever({ kind: 'exploded' } as never)).toThrow('a value outside its union: {"kind":"exploded"}');
});
