import { describe, it } from 'vitest';

import { NOW, attempt, host } from './facts.ts';
import { checkSentence } from './sentence.ts';
import type { Sentence } from './sentence.ts';

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
  startedAt: null,
  progress: null,
  handledAt: null,
  outcome: null,
  message: null,
} as const;

const SENTENCES: readonly Sentence[] = [
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
    'failed, but its job was let go all the same',
    'failed',
    { failure: { kind: 'interrupted', message: 'the daemon stopped', hint: 'mqi cases retry c7' } },
    { heldBackBy: [attempt({ token: 'mqi-own', orphan: 'its job is executing' })] },
    ['has failed (interrupted): the daemon stopped', 'mqi-own', 'its job is executing'],
    'mqi cases adopt c7',
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
    'no daemon matters not to what is over',
    'completed',
    {},
    { daemon: { running: false, lastSignMs: null } },
    ['is completed'],
    null,
  ],
  [
    'blind: link',
    'executing',
    { blindCause: 'link', blindSince: NOW - 60_000 },
    { hosts: [offline] },
    [
      'is executing, unreachable: gpu1 cannot be reached for 1m 00s',
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
    'blocked',
    'collecting',
    { blocked: 'the results disk is full' },
    {},
    ['is collecting', 'blocked: the results disk is full'],
    'mqi doctor',
  ],
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
  ['executing', 'executing', {}, {}, ['seen running for 2m 55s of its limit of 1h 00m', 'last checked 5s ago'], null],
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
    'an order not handled yet',
    'executing',
    {},
    { openOrders: [order] },
    ['ordered and not handled yet: cancel (#12, by ada@desk)'],
    null,
  ],
];

describe('why a case that has been submitted is where it is', () => {
  it.each(SENTENCES)('%s', (...sentence) => checkSentence(sentence));
});
