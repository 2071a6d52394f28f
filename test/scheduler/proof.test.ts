import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { prove } from '../../src/scheduler/proof.ts';
import type { Facts } from '../../src/scheduler/scheduler.ts';
import { viewOf } from '../../src/scheduler/judge.ts';
import { CLAIM, NODE, anyFacts, facts, present } from './facts.ts';

const claimed = present(CLAIM);
const revoked = present({ by: 'revocation', who: 'mqi', why: 'stop' } as const);
const elsewhere = present({ ...CLAIM, node: 'node-2', bootId: 'b00t-2222' });
const rebooted = present({ ...CLAIM, bootId: 'b00t-0000' });
const well = present({ kind: 'exited', exitCode: 0 } as const);
const done = { kind: 'ended', result: { kind: 'killed' } } as const;
const purged = { directory: 'absent', manifest: 'absent' } as const;

const table: readonly (readonly [string, Partial<Facts>, string])[] = [
  ['revoked before it started', { claim: revoked }, 'gone'],
  ['revoked, and a late start of it is still there', { claim: revoked, processes: [5] }, 'not_yet'],
  ['ended by itself', { claim: claimed, end: well }, 'gone'],
  ['ended by itself, with a process left', { claim: claimed, end: well, processes: [5] }, 'not_yet'],
  ['without a word and without a process', { claim: claimed }, 'gone_silent'],
  ['on a node that was booted since', { claim: rebooted }, 'gone_silent'],
  ['on a node that is not seen', { claim: elsewhere }, 'not_yet'],
  ['on a node that is not seen, done in a queue that lies', { claim: elsewhere, queue: done }, 'not_yet'],
  ['hidden by an unreadable directory', { unreadable: 'no' }, 'not_yet'],
  ['hidden, whatever else was read of it', { claim: claimed, end: well, unreadable: 'no' }, 'not_yet'],
  ['unclaimable', {}, 'not_yet'],
  ['with a claim that nobody can read', { claim: { kind: 'garbled', text: '' } }, 'not_yet'],
  ['with an end that nobody can read', { claim: claimed, end: { kind: 'garbled', text: '' } }, 'gone'],
  ['purged', purged, 'gone'],
  ['purged, with a process', { ...purged, processes: [5] }, 'not_yet'],
  ['purged, and held in the queue', { ...purged, queue: { kind: 'held' } }, 'not_yet'],
  ['purged, and the queue says an unknown word', { ...purged, queue: { kind: 'unknown', text: 'x' } }, 'not_yet'],
  [
    'purged and made anew, revoked in there',
    { manifest: 'absent', claim: revoked, queue: { kind: 'running' } },
    'not_yet',
  ],
];

describe('the proof that a job is gone', () => {
  test.each(table)('%s', (_, change, kind) => {
    expect(prove(facts(change), NODE, false).kind).toBe(kind);
  });

  test('may be the word of a queue that follows its processes to other nodes', () => {
    expect(prove(facts({ claim: elsewhere, queue: done }), NODE, true).kind).toBe('gone_silent');
    expect(prove(facts({ claim: elsewhere, queue: { kind: 'running' } }), NODE, true).kind).toBe('not_yet');
  });

  test('is never given while a process lives, or for a claim that is unread, or of a node that cannot be seen', () => {
    fc.assert(
      fc.property(anyFacts, (seen) => {
        if (prove(seen, NODE, false).kind === 'not_yet') return;
        expect(seen.processes).toEqual([]);
        if (seen.manifest === 'absent') {
          expect(['absent', 'ended']).toContain(seen.queue.kind);
        } else {
          expect(seen.claim.kind).toBe('present');
          if (seen.claim.kind === 'present' && seen.claim.value.by === 'job') {
            expect(viewOf(seen.claim.value, NODE)).not.toBe('elsewhere');
          }
        }
      }),
    );
  });
});
