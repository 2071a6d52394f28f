import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CASE_STATES, PHASES, stateOf } from '../../src/domain/case.ts';
import type { Phase } from '../../src/domain/case.ts';
import { TROUBLE_KINDS } from '../../src/domain/trouble.ts';
import { CANDIDATE_STATES } from '../../src/store/queries.ts';
import type { CandidateRow, HostRow, OrderRow, SlotWithCase, TroubleRow } from '../../src/store/queries.ts';
import { explain, explainCandidate } from '../../src/views/why.ts';
import type { WhyConfig, WhyDaemon, WhyFacts } from '../../src/views/why.ts';
import { NOW, attempt, caseRow, host, slot } from './facts.ts';

const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const words = fc.string({ unit: 'grapheme', maxLength: 12 });
/** Also after now: a wall clock may have been set back. */
const time = fc.integer({ min: NOW - 1e10, max: NOW + 1e7 });
const hostName = fc.constantFrom('gpu1', 'gpu2', 'removed');
const phase = fc.constantFrom<Phase[]>(...CASE_STATES.flatMap((state): readonly Phase[] => PHASES[state]));

const hosts: fc.Arbitrary<HostRow[]> = fc.uniqueArray(
  fc
    .record({
      name: hostName,
      state: fc.constantFrom('connecting' as const, 'online' as const, 'offline' as const),
      since: time,
      lastSeenAt: orNull(time),
      reason: orNull(words),
      reconciledAt: orNull(time),
      notices: fc.array(words, { maxLength: 3 }),
    })
    .map(host),
  { selector: (row) => row.name, maxLength: 3 },
);

const slots: fc.Arbitrary<SlotWithCase[]> = fc.array(
  fc
    .record({
      host: hostName,
      state: fc.constantFrom('free' as const, 'leased' as const, 'quarantined' as const),
      caseName: orNull(words),
      phase: orNull(phase),
      reason: orNull(words),
      configured: fc.boolean(),
    })
    .map((change) => slot('s', change)),
  { maxLength: 6 },
);

const attempts = fc
  .record({
    host: hostName,
    orphan: orNull(words),
    proof: orNull(fc.constantFrom('gone' as const, 'revoked' as const)),
    movedBytes: fc.nat(),
    totalBytes: orNull(fc.nat()),
  })
  .map(attempt);

const stop: fc.Arbitrary<WhyFacts['stop']> = orNull(
  fc.oneof(
    fc.record({ kind: fc.constant('cancelled' as const), by: words, why: words }),
    fc.record({ kind: fc.constantFrom('limit' as const, 'lingering' as const) }),
    fc.record({ kind: fc.constant('missing' as const), queue: fc.constant(null) }),
  ),
);

const row = phase.chain((at) =>
  fc
    .record({
      host: orNull(hostName),
      slot: orNull(words),
      token: orNull(words),
      jobId: orNull(words),
      paused: fc.boolean(),
      blindCause: orNull(fc.constantFrom('link' as const, 'queue' as const, 'garbled' as const)),
      blindSince: orNull(time),
      blocked: orNull(words),
      setAside: orNull(words),
      phaseSince: time,
      observedMs: fc.nat(),
      failure: orNull(
        fc.record({ kind: fc.constant('job_lost' as const), message: words, hint: fc.constant('mqi doctor') }),
      ),
    })
    .map((change) => caseRow(at, { ...change, state: stateOf(at) })),
);

const order = fc.record({ id: fc.nat(), by: words }).map((change): OrderRow => ({
  kind: 'cancel',
  caseId: 'c7',
  arguments: {},
  why: '',
  createdAt: NOW,
  startedAt: null,
  progress: null,
  handledAt: null,
  outcome: null,
  message: null,
  ...change,
}));

const folder = fc
  .record({
    state: fc.constantFrom('settling' as const, 'rejected' as const, 'changed' as const),
    reason: orNull(words),
    caseId: orNull(fc.constant('c7')),
    firstSeenAt: time,
  })
  .map((change): CandidateRow => ({ path: '/new/lung', name: 'lung', signature: '', updatedAt: NOW, ...change }));

const config: fc.Arbitrary<WhyConfig> = fc.record({
  hosts: fc.uniqueArray(fc.record({ name: fc.constantFrom('gpu1', 'gpu2'), stageAhead: fc.nat({ max: 3 }) }), {
    selector: ({ name }) => name,
    maxLength: 2,
  }),
  results: fc.constant('/results'),
  quietPeriodMs: fc.nat(),
  readyMarker: orNull(fc.constant('READY')),
});

const daemon: fc.Arbitrary<WhyDaemon> = fc.oneof(
  fc.constant({ running: true as const }),
  fc.record({ running: fc.constant(false as const), lastSignMs: orNull(time) }),
);

const trouble: fc.Arbitrary<TroubleRow> = fc.record({
  subject: fc.constant('attempt/mqi-test-c7-1-aa'),
  what: fc.constantFrom(...TROUBLE_KINDS),
  host: fc.constant('gpu1'),
  token: fc.constant('mqi-test-c7-1-aa'),
  reason: words,
  since: time,
  last: time,
  times: fc.nat(),
  overAt: fc.constant(null),
});

const anything: fc.Arbitrary<WhyFacts> = fc.record({
  row,
  stop,
  lingerMs: fc.nat(),
  uploadTries: fc.nat({ max: 5 }),
  attempt: orNull(attempts),
  heldBackBy: fc.array(attempts, { maxLength: 2 }),
  troubles: fc.array(trouble, { maxLength: 2 }),
  turn: orNull(fc.record({ position: fc.nat(), of: fc.nat() })),
  hosts,
  slots,
  staged: fc.constant(new Map([['gpu1', 1]])),
  isRestored: fc.boolean(),
  folder: orNull(folder),
  openOrders: fc.array(order, { maxLength: 3 }),
  config,
  daemon,
  nowMs: fc.constant(NOW),
});

/** A sentence names its subject and says something of it; nothing that JavaScript stringifies by accident is in it. */
function isSentence(text: string, name: string): boolean {
  return (
    text.includes(name) && text.length > name.length + 8 && !/undefined|\[object|NaN|null\b|Infinity|-\d+m?s/.test(text)
  );
}

describe('every case is explained (promise 7)', () => {
  it('whatever is known of it, or not', () => {
    fc.assert(
      fc.property(anything, (facts) => {
        const because = explain(facts);
        expect(isSentence(because.sentence, 'lung')).toBe(true);
        expect(because.next).not.toBe('');
      }),
      { numRuns: 5_000 },
    );
  });

  it('and a final one never waits, nor for a daemon', () => {
    fc.assert(
      fc.property(anything, (facts) => {
        const { waitsFor } = explain(facts);
        if (facts.row.state === 'completed') expect(waitsFor).toBe('nothing');
        else if (facts.row.state === 'failed') expect(waitsFor).toBe('operator');
        else expect(waitsFor === 'daemon').toBe(!facts.daemon.running);
      }),
      { numRuns: 2_000 },
    );
  });

  it('and so is every folder that is no case', () => {
    const folder = fc.record({
      path: fc.constant('/new/lung'),
      name: fc.constant('lung'),
      state: fc.constantFrom(...CANDIDATE_STATES),
      reason: orNull(fc.string({ minLength: 1 })),
      caseId: orNull(fc.constant('c7')),
      signature: words,
      firstSeenAt: time,
      updatedAt: time,
    }) as fc.Arbitrary<CandidateRow>;
    fc.assert(
      fc.property(folder, config, daemon, (row, config, daemon) => {
        const because = explainCandidate(row, config, daemon, NOW);
        expect(because.sentence).toContain('lung');
        expect(because.sentence.length).toBeGreaterThan(12);
      }),
    );
  });
});
