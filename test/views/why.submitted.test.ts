import { describe, expect, it } from 'vitest';

import { explain } from '../../src/views/why.ts';
import { NOW, attempt, facts, host, leased, slot } from './facts.ts';
import { checkSentence } from './sentence.ts';
import type { Sentence } from './sentence.ts';

const FULL = new Map([['gpu1', 2]]);
const offline = host({ state: 'offline', since: NOW - 180_000, reason: 'connection refused' });
const triedAgain = host({ state: 'connecting', since: NOW - 180_000, reason: 'connection refused' });
const MISSING_HOST = { hosts: [{ name: 'gpu2', stageAhead: 1 }], results: '/r', quietPeriodMs: 1, readyMarker: null };

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
  ['a host never looked at', 'waiting', {}, { hosts: [] }, ['gpu1 has not been checked yet'], 'mqi doctor'],
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
    'a lack of proof on a host that is away and being tried again',
    'staged',
    {},
    { heldBackBy: [attempt()], hosts: [triedAgain] },
    ['gpu1 cannot be reached for 3m 00s', 'connection refused'],
    'mqi doctor',
  ],
  [
    'staged on a host that is away and being tried again',
    'staged',
    {},
    { hosts: [triedAgain] },
    ['gpu1 cannot be reached for 3m 00s', 'tried again now: connection refused'],
    'mqi doctor',
  ],
  [
    'staging to a host that is away and being tried again',
    'staging',
    {},
    { hosts: [triedAgain] },
    ['but gpu1 cannot be reached', 'tried again now'],
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
  [
    'slots whose GPU somebody else computes on',
    'staged',
    {},
    { slots: [leased('a', 'brain'), slot('b', { busy: 'pid 4242 python of alice (not ours)' })] },
    ['a is held by brain (executing) and slot gpu1/b is busy: pid 4242 python of alice (not ours)'],
    'mqi doctor',
  ],
  [
    'a free slot beside a busy one',
    'staged',
    {},
    { slots: [slot('a'), slot('b', { busy: 'pid 4242 python of alice (not ours)' })] },
    ['one is free'],
    null,
  ],
  [
    'a database that was set back',
    'staged',
    {},
    {
      isRestored: true,
      config: {
        hosts: [
          { name: 'gpu1', stageAhead: 2 },
          { name: 'gpu2', stageAhead: 2 },
        ],
        results: '/r',
        quietPeriodMs: 1,
        readyMarker: null,
      },
    },
    ['restored from a backup', 'gpu2 has not been checked yet'],
    'mqi doctor',
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
