import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Phase } from '../../src/domain/case.ts';
import type { HostRow, SlotWithCase, Step } from '../../src/store/queries.ts';
import { slotDays, totals } from '../../src/views/web/slot-day.ts';
import type { DayFacts } from '../../src/views/web/slot-day.ts';

const HOUR = 3_600_000;
const NOW = 100 * HOUR;
const FROM = NOW - 24 * HOUR;

const slot = (change: Partial<SlotWithCase> = {}): SlotWithCase => ({
  host: 'gpu1',
  name: 'a',
  state: 'free',
  caseId: null,
  token: null,
  reason: null,
  busy: null,
  since: 0,
  configured: true,
  caseName: null,
  phase: null,
  ...change,
});
const host = (change: Partial<HostRow> = {}): HostRow =>
  ({ name: 'gpu1', state: 'online', since: 0, ...change }) as HostRow;

/** `hours ago`, from → to. */
const step = (ago: number, from: Phase | null, to: Phase, caseId = 'c', event = 'x'): Step => ({
  caseId,
  attempt: 1,
  at: NOW - ago * HOUR,
  event,
  from,
  to,
});

const day = (facts: Partial<DayFacts>) =>
  slotDays({
    fromMs: FROM,
    nowMs: NOW,
    steps: [],
    sent: [{ caseId: 'c', number: 1, host: 'gpu1', slot: 'a' }],
    slots: [slot()],
    hosts: [host()],
    spells: [],
    live: [],
    beganMs: 0,
    ...facts,
  });

/** `busy 2h, nothing 22h` */
const words = (facts: Partial<DayFacts>): string =>
  day(facts)[0]!
    .segments.map(({ what, fromMs, toMs }) => `${what} ${(toMs - fromMs) / HOUR}h`)
    .join(', ');

describe('the day of a slot', () => {
  test('without any work was idle for want of it', () => {
    expect(words({})).toBe('nothing 24h');
  });

  test('is unknown before the journal begins', () => {
    expect(words({ beganMs: NOW - 5 * HOUR })).toBe('unknown 19h, nothing 5h');
    expect(words({ beganMs: null })).toBe('unknown 24h');
  });

  test('was busy from the lease to the end, and waited for files before that', () => {
    const steps = [
      step(10, null, 'waiting'),
      step(9, 'waiting', 'staging'),
      step(7, 'staging', 'staged'),
      step(6, 'staged', 'creating'),
      step(2, 'executing', 'collecting'),
      step(1, 'collecting', 'completed'),
    ];
    expect(words({ steps })).toBe('nothing 14h, waiting 1h, travelling 2h, ready 1h, busy 4h, nothing 2h');
  });

  test('a case that held it before the window began holds it from its beginning', () => {
    expect(words({ steps: [step(20, 'executing', 'collecting')] })).toBe('busy 4h, nothing 20h');
  });

  test('a case that holds it now holds it until now', () => {
    const held = slot({ state: 'leased', caseId: 'c', since: NOW - 3 * HOUR });
    expect(words({ slots: [held], live: [{ id: 'c', phase: 'executing', host: 'gpu1' }] })).toBe(
      'nothing 21h, busy 3h',
    );
  });

  test('an unreachable host is no want of work', () => {
    const live = [{ id: 'c', phase: 'staged', host: 'gpu1' } as const];
    const spell = { host: 'gpu1', since: NOW - 8 * HOUR, endedAt: NOW - 6 * HOUR };
    expect(words({ spells: [spell], live })).toBe('ready 16h, blind 2h, ready 6h');
    expect(words({ spells: [{ ...spell, host: 'gpu2' }], live })).toBe('ready 24h');
    expect(words({ spells: [{ ...spell, endedAt: null }], live })).toBe('ready 16h, blind 8h');
    expect(words({ hosts: [host({ state: 'offline', since: NOW - HOUR })] })).toBe('nothing 23h, blind 1h');
  });

  test('a quarantine is the reason since it began', () => {
    const quarantined = slot({ state: 'quarantined', since: NOW - 2 * HOUR });
    expect(words({ slots: [quarantined] })).toBe('nothing 22h, quarantined 2h');
  });

  test('of another host says nothing about this one', () => {
    const steps = [step(5, null, 'waiting'), step(4, 'waiting', 'staging'), step(3, 'staging', 'failed')];
    const sent = [{ caseId: 'c', number: 1, host: 'gpu2', slot: null }];
    expect(words({ steps, sent })).toBe('nothing 19h, waiting 1h, nothing 4h');
  });

  test('has no gap and no overlap, whatever happened', () => {
    const phases: readonly Phase[] = ['waiting', 'staging', 'staged', 'creating', 'executing', 'collecting', 'failed'];
    const steps = fc
      .array(
        fc.record({
          caseId: fc.constantFrom('c', 'd', 'e'),
          ago: fc.double({ min: 0, max: 24, noNaN: true }),
          from: fc.constantFrom(null, ...phases),
          to: fc.constantFrom(...phases),
          event: fc.constant('x'),
        }),
      )
      .map((all) => all.toSorted((a, b) => b.ago - a.ago).map((s) => step(s.ago, s.from, s.to, s.caseId, s.event)));
    const spells = fc.array(
      fc
        .record({
          ago: fc.double({ min: 0, max: 30, noNaN: true }),
          forH: fc.option(fc.double({ min: 0, max: 9, noNaN: true })),
        })
        .map(({ ago, forH }) => ({
          host: 'gpu1',
          since: NOW - ago * HOUR,
          endedAt: forH === null ? null : Math.min(NOW, NOW - (ago - forH) * HOUR),
        })),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(steps, spells, (all, lost) => {
        const sent = ['c', 'd', 'e'].map((caseId) => ({ caseId, number: 1, host: 'gpu1', slot: 'a' }));
        const [only] = day({ steps: all, sent, spells: lost });
        let atMs = FROM;
        for (const segment of only!.segments) {
          expect(segment.fromMs).toBe(atMs);
          expect(segment.toMs).toBeGreaterThan(segment.fromMs);
          atMs = segment.toMs;
        }
        expect(atMs).toBe(NOW);
        expect([...totals(only!).values()].reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(NOW - FROM, 0);
      }),
    );
  });
});
