import { describe, expect, it } from 'vitest';

import { explain } from '../../src/views/why.ts';
import { NOW, attempt, facts, host, leased, slot } from './facts.ts';
import { checkSentence } from './sentence.ts';
import type { Sentence } from './sentence.ts';

const FULL = new Map([['gpu1', 2]]);
const offline = host({ state: 'offline', since: NOW - 180_000, reason: 'connection refused' });
const MISSING_HOST = { hosts: [{ name: 'gpu2', stageAhead: 1 }], results: '/r', quietPeriodMs: 1, readyMarker: null };
const order = {
  id: 12,
  kind: 'cancel',
  caseId: 'c7',
  arguments: {},
  by: 'ada@desk',
  why: '',
  createdAt: NOW,
  handledAt: null,
  outcome: null,
  message: null,
} as const;

/** What a case is like → what the sentence has to name, and the next command. */
const SENTENCES: readonly (readonly [
  string,
  Phase,
  Partial<ListedCase>,
  Partial<WhyFacts>,
  readonly string[],
  string | null,
])[] = [
  ['completed', 'completed', {}, {}, ['is completed', '/results/lung/attempt-1'], null],
  [
    'failed',
    'failed',
    { failure: { kind: 'job_failed', exitCode: 3, message: 'the job exited with code 3', hint: 'mqi cases logs c7' } },
    {},
    ['has failed (job_failed): the job exited with code 3'],
    'mqi cases logs c7',
  ],
  [
    'no daemon',
    'executing',
    {},
    { daemon: { running: false, lastSignMs: NOW - 7_200_000 } },
    [
      'no daemon has been running for 2h 00m (since 2026-01-02T10:00:00Z)',
      'nothing moves lung',
      'its job 12 on gpu1/a',
    ],
    'mqi run',
  ],
  [
    'no daemon ever',
    'waiting',
    {},
    { daemon: { running: false, lastSignMs: null } },
    ['no daemon is running, so'],
    'mqi run',
  ],
  [
    'no daemon matters not to what is over',
    'completed',
    {},
    { daemon: { running: false, lastSignMs: null } },
    ['is completed'],
    null,
  ],
  ['its turn', 'waiting', {}, { turn: { position: 3, of: 17 } }, ['waits for its turn (3 of 17 in line)'], null],
  [
    'stage-ahead full',
    'waiting',
    {},
    { turn: { position: 1, of: 1 }, staged: FULL, slots: [leased('a', 'x')] },
    ['gpu1 holds as many cases staged ahead as it may (2)'],
    null,
  ],
  [
    'every host offline',
    'waiting',
    {},
    { hosts: [offline] },
    ['gpu1 cannot be reached for 3m 00s', 'connection refused'],
    'mqi doctor',
  ],
  ['a host never looked at', 'waiting', {}, { hosts: [] }, ['gpu1 has not been looked at yet'], 'mqi doctor'],
  ['paused', 'staged', { paused: true }, {}, ['is paused while staged'], 'mqi cases resume c7'],
  [
    'an orphan',
    'staged',
    {},
    { heldBackBy: [attempt({ token: 'mqi-old', orphan: '2 processes run' })] },
    ['held back', 'mqi-old', 'gpu1', '2 processes run'],
    'mqi cases adopt c7',
  ],
  [
    'an orphan that ended',
    'waiting',
    {},
    { heldBackBy: [attempt({ orphan: 'it ended: exit 0', proof: 'gone' })] },
    ['it ended: exit 0', 'adopt it to collect its results'],
    'mqi cases adopt c7, or mqi cases retry c7',
  ],
  [
    'a lack of proof',
    'staged',
    {},
    { heldBackBy: [attempt({ token: 'mqi-old' })] },
    ['held back until attempt 1 (mqi-old) on gpu1 is proven unable to run'],
    null,
  ],
  [
    'a lack of proof on a host that is away',
    'staged',
    {},
    { heldBackBy: [attempt()], hosts: [offline] },
    ['gpu1 cannot be reached for 3m 00s'],
    'mqi doctor',
  ],
  [
    'a lack of proof on a host that was removed',
    'waiting',
    {},
    { heldBackBy: [attempt({ host: 'gone1' })] },
    ['gone1 is no longer in the configuration'],
    'put gone1 back under hosts: and restart the daemon',
  ],
  [
    'staging',
    'staging',
    {},
    { attempt: attempt({ movedBytes: 629_145_600, totalBytes: 1_258_291_200 }) },
    ['is being sent to gpu1 for 10m 00s', '600.0 MiB of 1.2 GiB (50%)', '1.0 MiB/s', '10m 00s left'],
    null,
  ],
  ['staging, nothing moved', 'staging', {}, { uploadTries: 2 }, ['3 files, 2.0 MiB', 'try 3'], null],
  ['staging to a host that is away', 'staging', {}, { hosts: [offline] }, ['but gpu1 cannot be reached'], 'mqi doctor'],
  [
    'blind: link',
    'executing',
    { blindCause: 'link', blindSince: NOW - 60_000 },
    { hosts: [offline] },
    [
      'is executing, unseen: gpu1 cannot be reached for 1m 00s',
      'last seen 5s ago',
      'connection refused',
      'no time counts',
    ],
    'mqi doctor',
  ],
  [
    'blind: queue',
    'creating',
    { blindCause: 'queue', blindSince: NOW },
    {},
    ['the queue of gpu1 does not answer'],
    'mqi doctor',
  ],
  [
    'blind: garbled',
    'staging',
    { blindCause: 'garbled', blindSince: NOW },
    {},
    ['nobody can read what gpu1 answers'],
    'mqi doctor',
  ],
  [
    'blocked',
    'collecting',
    { blocked: 'the results disk is full' },
    {},
    ['is collecting', 'blocked: the results disk is full'],
    'mqi doctor',
  ],
  [
    'slots that others hold',
    'staged',
    {},
    { turn: { position: 2, of: 3 }, slots: [leased('a', 'brain'), leased('b', 'prostate')] },
    ['waits for a slot (2 of 3 in line)', 'a is held by brain (executing) and b is held by prostate'],
    null,
  ],
  [
    'slots in quarantine',
    'staged',
    {},
    { slots: [leased('a', 'brain'), slot('b', { state: 'quarantined', reason: 'an orphan' })] },
    ['b is quarantined (an orphan)'],
    'mqi slots clear gpu1/b --dry-run',
  ],
  ['a free slot', 'staged', {}, {}, ['one is free'], null],
  ['no slots at all', 'staged', {}, { slots: [] }, ['has none in the configuration'], 'mqi config check'],
  ['a host not reconciled', 'staged', {}, { hosts: [host({ reconciledAt: null })] }, ['not reconciled yet'], null],
  ['creating', 'creating', {}, {}, ['is being submitted to gpu1/a for 10m 00s'], null],
  ['confirming', 'confirming', {}, {}, ["the host's answer was lost", 'mqi-test-c7-1-aa', 'never created again'], null],
  [
    'creating, cancelled',
    'creating',
    {},
    { stop: { kind: 'cancelled', by: 'ada', why: 'x' } },
    ['cancelled as ada asked'],
    null,
  ],
  ['releasing', 'releasing', {}, {}, ['waits for its job 12 on gpu1/a to be let go'], null],
  ['queued', 'queued', {}, {}, ['waits for the queue to start its job 12'], null],
  [
    'queued in a paused group',
    'queued',
    {},
    { hosts: [host({ notices: ['group a is paused'] })] },
    ['group a is paused'],
    'mqi hosts list',
  ],
  ['executing', 'executing', {}, {}, ['seen running for 2m 00s of its limit of 1h 00m', 'last looked at 5s ago'], null],
  ['a job known by its claim', 'executing', { jobId: null }, {}, ['waits for its job on gpu1/a'], null],
  ['lingering', 'executing', {}, { lingerMs: 10_000 }, ['processes that outlive', '10s', '30s'], null],
  [
    'stopping by order',
    'stopping',
    {},
    { stop: { kind: 'cancelled', by: 'ada', why: 'wrong beam' } },
    ['cancelled by ada (wrong beam)'],
    null,
  ],
  ['stopping at the limit', 'stopping', {}, { stop: { kind: 'limit' } }, ['past its limit'], null],
  [
    'stopping what is missing',
    'stopping',
    {},
    { stop: { kind: 'missing', queue: null } },
    ['did not find it any more'],
    null,
  ],
  ['stopping what lingers', 'stopping', {}, { stop: { kind: 'lingering' } }, ['processes of it did not'], null],
  [
    'collecting',
    'collecting',
    {},
    { attempt: attempt({ movedBytes: 1_048_576, totalBytes: 2_097_152 }) },
    ['results to come back from gpu1', '1.0 MiB of 2.0 MiB (50%)'],
    null,
  ],
  [
    'set aside',
    'executing',
    { setAside: 'context.version: 9' },
    {},
    ['is set aside in executing', 'context.version: 9', 'keeps its slot gpu1/a'],
    'start the version of mqi that wrote it, or mqi cases abandon c7 --why TEXT',
  ],
  [
    'a host that was removed',
    'executing',
    {},
    { config: MISSING_HOST },
    ['gpu1, which is no longer in the configuration'],
    'put gpu1 back under hosts: and restart the daemon, or mqi cases abandon c7 --why TEXT',
  ],
  [
    'a removed host, nothing submitted',
    'staged',
    {},
    { config: MISSING_HOST },
    ['no longer in the configuration'],
    'put gpu1 back under hosts: and restart the daemon, or mqi cases cancel c7',
  ],
  [
    'an order not handled yet',
    'executing',
    {},
    { openOrders: [order] },
    ['ordered and not handled yet: cancel (#12, by ada@desk)'],
    null,
  ],
];

describe('why a case is where it is', () => {
  it.each(SENTENCES)('%s', (_, phase, row, change, words, next) => {
    const because = explain(facts(phase, row, change));
    for (const word of words) expect(because.sentence).toContain(word);
    expect(because.next).toBe(next);
  });

  it('is one sentence, however many slots and hosts there are', () => {
    const slots = Array.from({ length: 64 }, (__, index) => leased(`s${index}`, `case${index}`));
    const { sentence } = explain(facts('staged', {}, { slots }));
    expect(sentence).toContain('and 60 more');
    expect(sentence.length).toBeLessThan(300);
  });
});

const SENTENCES: readonly Sentence[] = [
  [
    'no daemon ever',
    'waiting',
    {},
    { daemon: { running: false, lastSignMs: null } },
    ['no daemon is running, so'],
    'mqi run',
  ],
  ['its turn', 'waiting', {}, { turn: { position: 3, of: 17 } }, ['waits for its turn (3 of 17 in line)'], null],
  [
    'stage-ahead full',
    'waiting',
    {},
    { turn: { position: 1, of: 1 }, staged: FULL, slots: [leased('a', 'x')] },
    ['gpu1 holds as many cases staged ahead as it may (2)'],
    null,
  ],
  [
    'every host offline',
    'waiting',
    {},
    { hosts: [offline] },
    ['gpu1 cannot be reached for 3m 00s', 'connection refused'],
    'mqi doctor',
  ],
  ['a host never looked at', 'waiting', {}, { hosts: [] }, ['gpu1 has not been looked at yet'], 'mqi doctor'],
  ['paused', 'staged', { paused: true }, {}, ['is paused while staged'], 'mqi cases resume c7'],
  [
    'an orphan',
    'staged',
    {},
    { heldBackBy: [attempt({ token: 'mqi-old', orphan: '2 processes run' })] },
    ['held back', 'mqi-old', 'gpu1', '2 processes run'],
    'mqi cases adopt c7',
  ],
  [
    'an orphan that ended',
    'waiting',
    {},
    { heldBackBy: [attempt({ orphan: 'it ended: exit 0', proof: 'gone' })] },
    ['it ended: exit 0', 'adopt it to collect its results'],
    'mqi cases adopt c7, or mqi cases retry c7',
  ],
  [
    'a lack of proof',
    'staged',
    {},
    { heldBackBy: [attempt({ token: 'mqi-old' })] },
    ['held back until attempt 1 (mqi-old) on gpu1 is proven unable to run'],
    null,
  ],
  [
    'a lack of proof on a host that is away',
    'staged',
    {},
    { heldBackBy: [attempt()], hosts: [offline] },
    ['gpu1 cannot be reached for 3m 00s'],
    'mqi doctor',
  ],
  [
    'a lack of proof on a host that was removed',
    'waiting',
    {},
    { heldBackBy: [attempt({ host: 'gone1' })] },
    ['gone1 is no longer in the configuration'],
    'put gone1 back under hosts: and restart the daemon',
  ],
  [
    'staging',
    'staging',
    {},
    { attempt: attempt({ movedBytes: 629_145_600, totalBytes: 1_258_291_200 }) },
    ['is being sent to gpu1 for 10m 00s', '600.0 MiB of 1.2 GiB (50%)', '1.0 MiB/s', '10m 00s left'],
    null,
  ],
  ['staging, nothing moved', 'staging', {}, { uploadTries: 2 }, ['3 files, 2.0 MiB', 'try 3'], null],
  ['staging to a host that is away', 'staging', {}, { hosts: [offline] }, ['but gpu1 cannot be reached'], 'mqi doctor'],
  [
    'blind: garbled',
    'staging',
    { blindCause: 'garbled', blindSince: NOW },
    {},
    ['nobody can read what gpu1 answers'],
    'mqi doctor',
  ],
  [
    'slots that others hold',
    'staged',
    {},
    { turn: { position: 2, of: 3 }, slots: [leased('a', 'brain'), leased('b', 'prostate')] },
    ['waits for a slot (2 of 3 in line)', 'a is held by brain (executing) and b is held by prostate'],
    null,
  ],
  [
    'slots in quarantine',
    'staged',
    {},
    { slots: [leased('a', 'brain'), slot('b', { state: 'quarantined', reason: 'an orphan' })] },
    ['b is quarantined (an orphan)'],
    'mqi slots clear gpu1/b --dry-run',
  ],
  ['a free slot', 'staged', {}, {}, ['one is free'], null],
  ['no slots at all', 'staged', {}, { slots: [] }, ['has none in the configuration'], 'mqi config check'],
  ['a host not reconciled', 'staged', {}, { hosts: [host({ reconciledAt: null })] }, ['not reconciled yet'], null],
  [
    'a removed host, nothing submitted',
    'staged',
    {},
    { config: MISSING_HOST },
    ['no longer in the configuration'],
    'put gpu1 back under hosts: and restart the daemon, or mqi cases cancel c7',
  ],
];

describe('why a submitted case is where it is', () => {
  it.each(SENTENCES)('%s', (...sentence) => checkSentence(sentence));

  it('is one sentence, however many slots and hosts there are', () => {
    const slots = Array.from({ length: 64 }, (__, index) => leased(`s${index}`, `case${index}`));
    const { sentence } = explain(facts('staged', {}, { slots }));
    expect(sentence).toContain('and 60 more');
    expect(sentence.length).toBeLessThan(300);
  });
});
