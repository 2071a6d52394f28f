import { describe, expect, it } from 'vitest';

import { caseListShape, caseShape, countsShape, hostShape, slotShape } from '../../src/views/shapes.ts';
import { CASE_STATES, PHASES } from '../../src/domain/case.ts';
import { NOW, caseRow, host, leased } from './facts.ts';

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('the shape of a case', () => {
  it('is the one that scripts depend on, field by field', () => {
    expect(Object.keys(caseShape(caseRow('executing'), null))).toEqual([
      'id',
      'name',
      'state',
      'phase',
      'attempt',
      'token',
      'host',
      'slot',
      'job',
      'priority',
      'createdAt',
      'updatedAt',
      'observedMs',
      'failure',
    ]);
    expect(Object.keys(caseListShape({ cases: [], next: null }, new Map()))).toEqual(['cases', 'next']);
  });

  it('has times as RFC 3339 and never lets the snapshot out', () => {
    const shape = caseShape({ ...caseRow('executing'), snapshot: '{}' } as ReturnType<typeof caseRow>, null);
    expect(shape.createdAt).toMatch(RFC_3339);
    expect(shape.updatedAt).toMatch(RFC_3339);
    expect(shape).not.toHaveProperty('snapshot');
  });

  it('carries a failure with all that its kind has', () => {
    const failure = { kind: 'timed_out', observedMs: 5, message: 'm', hint: 'h' } as const;
    expect(caseShape(caseRow('failed', { failure }), null).failure).toEqual(failure);
  });
});

describe('the other shapes', () => {
  it('give every state and phase a number', () => {
    const shape = countsShape([{ state: 'running', phase: 'queued', count: 2 }]);
    expect(Object.keys(shape.states)).toEqual([...CASE_STATES]);
    expect(Object.keys(shape.phases)).toEqual(CASE_STATES.flatMap((state) => [...PHASES[state]]));
    expect([shape.states.running, shape.phases.queued, shape.phases.executing]).toEqual([2, 2, 0]);
  });

  it('say null for what is not known', () => {
    expect(hostShape(host({ lastSeenAt: null, reconciledAt: null }))).toMatchObject({
      lastSeenAt: null,
      reconciledAt: null,
      retryAt: null,
      since: new Date(NOW - 3_600_000).toISOString(),
    });
    expect(slotShape(leased('a', 'lung')).case).toEqual({ id: 'id-lung', name: 'lung', phase: 'executing' });
  });
});
