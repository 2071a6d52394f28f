import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Observation } from '../../src/domain/observation.ts';
import { judge, viewOf } from '../../src/scheduler/judge.ts';
import type { Facts } from '../../src/scheduler/scheduler.ts';
import { CLAIM, NODE, anyFacts, facts, present } from './facts.ts';

const held = { kind: 'held' } as const;
const queued = { kind: 'queued' } as const;
const running = { kind: 'running' } as const;
const suspended = { kind: 'suspended' } as const;
const killed = { kind: 'ended', result: { kind: 'killed' } } as const;
const odd = { kind: 'unknown', text: 'Locked' } as const;
const claimed = present(CLAIM);
const revoked = present({ by: 'revocation', who: 'mqi', why: 'retry' } as const);
const elsewhere = present({ ...CLAIM, node: 'node-2', bootId: 'b00t-2222' });
const container = present({ ...CLAIM, pidNamespace: '4026532000' });
const otherUser = present({ ...CLAIM, uid: 2000 });
const rebooted = present({ ...CLAIM, bootId: 'b00t-0000' });
const garbled = { kind: 'garbled', text: '' } as const;
const well = { kind: 'exited', exitCode: 0 } as const;
const alive = { processes: [10, 11] };

const seenFrom: readonly (readonly [string, Partial<typeof CLAIM>, Partial<typeof NODE>, ReturnType<typeof viewOf>])[] =
  [
    ['the same boot and pid namespace', {}, {}, 'here'],
    ['the same, by another user', {}, { uid: 2000 }, 'elsewhere'],
    ['the same, by root', {}, { uid: 0 }, 'here'],
    ['the same under another name: the host was renamed', {}, { name: 'renamed' }, 'here'],
    ['the same under another name, by another user', {}, { name: 'renamed', uid: 2000 }, 'elsewhere'],
    ['another boot of the same name', {}, { bootId: 'b00t-2222' }, 'rebooted'],
    ['another boot of the same name, in a container', {}, { bootId: 'b00t-2222', pidNamespace: '2' }, 'rebooted'],
    ['the same boot in another pid namespace', {}, { pidNamespace: '2' }, 'elsewhere'],
    ['the same boot in another pid namespace and name', {}, { name: 'pod-2', pidNamespace: '2' }, 'elsewhere'],
    // the first pid namespace has the same number on every machine
    ['another boot and name', {}, { name: 'node-2', bootId: 'b00t-2222' }, 'elsewhere'],
  ];

test.each(seenFrom)('a claim seen from %s', (_, claim, node, view) => {
  expect(viewOf({ ...CLAIM, ...claim }, { ...NODE, ...node })).toBe(view);
});

const MISSING = { kind: 'missing', queue: null } as const;
const MISSING_KILLED = { kind: 'missing', queue: { kind: 'killed' } } as const;

const table: readonly (readonly [string, Partial<Facts>, Partial<Observation>])[] = [
  ['unclaimed and held', { queue: held }, { kind: 'held' }],
  ['unclaimed, held, and its script has started', { queue: held, ...alive }, { kind: 'queued' }],
  ['unclaimed and queued', { queue: queued }, { kind: 'queued' }],
  ['unclaimed, and the queue says running', { queue: running }, { kind: 'queued' }],
  ['unclaimed and suspended', { queue: suspended }, { kind: 'suspended' }],
  ['unclaimed, and the queue is done with it', { queue: killed }, MISSING_KILLED],
  ['unclaimed and not in the queue', {}, MISSING],
  ['unclaimed, not in the queue, with processes', alive, { kind: 'unknown' }],
  ['unclaimed, and the queue says an unknown word', { queue: odd }, { kind: 'unknown' }],
  ['claimed, with processes', { claim: claimed, ...alive }, { kind: 'executing' }],
  [
    'claimed, with processes, and killed by the queue',
    { claim: claimed, queue: killed, ...alive },
    { kind: 'executing', aside: 'the queue says that it was killed, and the job runs on' },
  ],
  [
    'claimed, with processes, and only its shell suspended by the queue',
    { claim: claimed, queue: suspended, ...alive },
    { kind: 'executing', aside: 'the queue has suspended its shell, and the job runs on' },
  ],
  [
    'claimed, with processes that are stopped',
    { claim: claimed, queue: running, ...alive, stopped: true },
    { kind: 'suspended' },
  ],
  ['claimed, without processes', { claim: claimed }, MISSING],
  ['claimed, without processes, and running by the queue', { claim: claimed, queue: running }, MISSING],
  ['claimed, without processes, and killed', { claim: claimed, queue: killed }, MISSING_KILLED],
  ['claimed before a reboot of its node', { claim: rebooted }, MISSING],
  ['claimed before a reboot, after which the queue calls it killed', { claim: rebooted, queue: killed }, MISSING],
  ['claimed on another node', { claim: elsewhere }, { kind: 'unknown' }],
  ['claimed in another pid namespace', { claim: container }, { kind: 'unknown' }],
  ['claimed by another user', { claim: otherUser }, { kind: 'unknown' }],
  ['claimed elsewhere and still queued', { claim: elsewhere, queue: queued }, { kind: 'unknown' }],
  ['claimed elsewhere and running by the queue', { claim: elsewhere, queue: running }, { kind: 'executing' }],
  ['claimed elsewhere and suspended', { claim: elsewhere, queue: suspended }, { kind: 'suspended' }],
  ['claimed elsewhere, and the queue is done with it', { claim: elsewhere, queue: killed }, MISSING_KILLED],
  ['claimed elsewhere, with processes here', { claim: elsewhere, ...alive }, { kind: 'executing' }],
  ['revoked', { claim: revoked, queue: held }, MISSING],
  ['revoked, and its second start is about to leave', { claim: revoked, ...alive }, MISSING],
  ['ended, without processes', { claim: claimed, end: present(well) }, { kind: 'ended', end: well }],
  ['ended, with processes', { claim: claimed, end: present(well), ...alive }, { kind: 'lingering' }],
  [
    'ended elsewhere, still in the queue',
    { claim: elsewhere, end: present(well), queue: running },
    { kind: 'lingering' },
  ],
  [
    'ended elsewhere, done in the queue',
    { claim: elsewhere, end: present(well), queue: killed },
    { kind: 'ended', end: well },
  ],
  [
    'ended here, still running by the queue',
    { claim: claimed, end: present(well), queue: running },
    { kind: 'ended', end: well },
  ],
  ['an unreadable claim', { claim: garbled, queue: running, ...alive }, { kind: 'unknown' }],
  ['an unreadable end', { claim: claimed, end: garbled }, { kind: 'unknown' }],
  ['a purged directory', { directory: 'absent', manifest: 'absent' }, MISSING],
  ['a purged directory with processes', { directory: 'absent', manifest: 'absent', ...alive }, { kind: 'executing' }],
  [
    'a directory made anew, revoked, with processes',
    { manifest: 'absent', claim: revoked, ...alive },
    { kind: 'executing' },
  ],
  ['a directory made anew', { manifest: 'absent', claim: revoked }, MISSING],
];

describe('the judge', () => {
  test.each(table)('%s', (_, change, observation) => {
    expect(judge(facts(change), NODE)).toMatchObject(observation);
  });

  test('root on the node of the claim sees the processes of every user', () => {
    expect(viewOf(otherUser.kind === 'present' ? otherUser.value : CLAIM, { ...NODE, uid: 0 })).toBe('here');
  });

  test('never calls a job ended without its readable receipt, nor while a process of it lives', () => {
    fc.assert(
      fc.property(anyFacts, (seen) => {
        if (judge(seen, NODE).kind !== 'ended') return;
        expect(seen.end.kind).toBe('present');
        expect(seen.processes).toEqual([]);
      }),
    );
  });

  test('never misses a job of which a process lives, unless it was revoked', () => {
    fc.assert(
      fc.property(anyFacts, (seen) => {
        if (judge(seen, NODE).kind !== 'missing' || seen.processes.length === 0) return;
        expect(seen.claim).toMatchObject({ kind: 'present', value: { by: 'revocation' } });
      }),
    );
  });

  test('takes nothing that it cannot read for an end or a loss', () => {
    fc.assert(
      fc.property(anyFacts, (seen) => {
        if (seen.end.kind === 'garbled') expect(judge(seen, NODE).kind).toBe('unknown');
        if (seen.claim.kind === 'garbled' && seen.end.kind === 'absent') expect(judge(seen, NODE).kind).toBe('unknown');
      }),
    );
  });

  test('concludes nothing from the absence of processes on a node that it does not see', () => {
    fc.assert(
      fc.property(anyFacts, (seen) => {
        const { claim, end, queue } = seen;
        if (claim.kind !== 'present' || claim.value.by !== 'job' || end.kind !== 'absent') return;
        if (viewOf(claim.value, NODE) !== 'elsewhere' || seen.manifest === 'absent' || queue.kind === 'ended') return;
        expect(['unknown', 'executing', 'suspended']).toContain(judge(seen, NODE).kind);
      }),
    );
  });
});
