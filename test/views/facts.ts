import type { AttemptRow, HostRow, ListedCase, SlotWithCase } from '../../src/store/queries.ts';
import type { Phase } from '../../src/domain/case.ts';
import { stateOf } from '../../src/domain/case.ts';
import type { WhyFacts } from '../../src/views/why.ts';

export const NOW = Date.UTC(2026, 0, 2, 12, 0, 0);
const MINUTE_MS = 60_000;

export function caseRow(phase: Phase, change: Partial<ListedCase> = {}): ListedCase {
  const early = phase === 'waiting';
  return {
    id: 'c7',
    name: 'lung',
    path: '/new/lung',
    fingerprint: 'f00d',
    files: 3,
    sizeBytes: 2_097_152,
    state: stateOf(phase),
    phase,
    attempt: 1,
    entry: 4,
    priority: 0,
    createdAt: NOW - 30 * MINUTE_MS,
    updatedAt: NOW - MINUTE_MS,
    phaseSince: NOW - 10 * MINUTE_MS,
    host: early ? null : 'gpu1',
    token: early ? null : 'mqi-test-c7-1-aa',
    slot: early || phase === 'staging' || phase === 'staged' ? null : 'a',
    jobId: '12',
    jobCreatedAt: 'then',
    limitMs: 3_600_000,
    observedMs: 120_000,
    paused: false,
    blindCause: null,
    blindSince: null,
    blindSpell: null,
    blocked: null,
    failureKind: null,
    failure: null,
    setAside: null,
    ...change,
  };
}

export function attempt(change: Partial<AttemptRow> = {}): AttemptRow {
  return {
    token: 'mqi-test-c7-1-aa',
    caseId: 'c7',
    number: 1,
    host: 'gpu1',
    slot: 'a',
    jobId: '12',
    jobCreatedAt: 'then',
    limitMs: 3_600_000,
    createdAt: NOW - 30 * MINUTE_MS,
    endedAt: null,
    claim: null,
    end: null,
    failure: null,
    proof: null,
    proofAt: null,
    orphan: null,
    movedBytes: 0,
    totalBytes: null,
    keptFromMs: null,
    removedAt: null,
    ...change,
  };
}

export function host(change: Partial<HostRow> = {}): HostRow {
  return {
    name: 'gpu1',
    state: 'online',
    since: NOW - 60 * MINUTE_MS,
    lastSeenAt: NOW - 5_000,
    cause: null,
    reason: null,
    retryAt: null,
    reconciledAt: NOW - 59 * MINUTE_MS,
    node: null,
    notices: [],
    ...change,
  };
}

export function slot(name: string, change: Partial<SlotWithCase> = {}): SlotWithCase {
  return {
    host: 'gpu1',
    name,
    state: 'free',
    caseId: null,
    token: null,
    reason: null,
    since: NOW - MINUTE_MS,
    busy: null,
    configured: true,
    caseName: null,
    phase: null,
    ...change,
  };
}

export const leased = (name: string, caseName: string): SlotWithCase =>
  slot(name, { state: 'leased', caseId: `id-${caseName}`, caseName, phase: 'executing' });

export function facts(phase: Phase, row: Partial<ListedCase> = {}, change: Partial<WhyFacts> = {}): WhyFacts {
  return {
    row: caseRow(phase, row),
    stop: null,
    lingerMs: 0,
    uploadTries: 0,
    attempt: attempt(),
    heldBackBy: [],
    troubles: [],
    turn: null,
    hosts: [host()],
    slots: [slot('a'), slot('b')],
    staged: new Map([['gpu1', 0]]),
    isRestored: false,
    folder: null,
    openOrders: [],
    config: { hosts: [{ name: 'gpu1', stageAhead: 2 }], results: '/results', quietPeriodMs: 30_000, readyMarker: null },
    daemon: { running: true },
    nowMs: NOW,
    ...change,
  };
}
