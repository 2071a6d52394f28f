import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decodeWord, encodeWord, parseClaim, parseEnd, revocationLine } from '../../src/scheduler/receipts.ts';

const BOOT = '66013fbc-2c37-42ec-8f42-892ba54d391f';
const JOB = `job node-1 ${BOOT} 4026531836 1000 4711 4711 177593 gpu1/slot%200`;

const job = {
  by: 'job',
  node: 'node-1',
  bootId: BOOT,
  pidNamespace: '4026531836',
  uid: 1000,
  pid: 4711,
  session: 4711,
  startTicks: '177593',
};

describe('a claim', () => {
  test('of a job names node, boot, pid namespace, user, process, session, start and slot', () => {
    expect(parseClaim('whole', JOB)).toEqual({ claim: { kind: 'present', value: job }, slot: 'gpu1/slot 0' });
  });

  test('without a session says so', () => {
    const { claim } = parseClaim('whole', JOB.replace('4711 4711', '4711 -'));
    expect(claim).toEqual({ kind: 'present', value: { ...job, session: null } });
  });

  test('that is ours names who revoked and why', () => {
    expect(parseClaim('whole', 'revoked operator the%20disk%20is%20full')).toEqual({
      claim: { kind: 'present', value: { by: 'revocation', who: 'operator', why: 'the disk is full' } },
      slot: null,
    });
  });

  test('that is not there is absent', () => {
    expect(parseClaim('absent', '')).toEqual({ claim: { kind: 'absent' }, slot: null });
  });

  test.each([
    ['an empty file', 'odd', ''],
    ['an empty line', 'whole', ''],
    ['a cut line', 'odd', JOB],
    ['a line of NUL bytes', 'whole', '\0\0\0'],
    ['a missing word', 'whole', JOB.slice(0, JOB.lastIndexOf(' '))],
    ['a word more', 'whole', `${JOB} x`],
    ['two spaces', 'whole', JOB.replace(' node', '  node')],
    ['another first word', 'whole', JOB.replace('job', 'Job')],
    ['a pid that is none', 'whole', JOB.replace('4711 4711', '47x11 4711')],
    ['a slot that was never encoded so', 'whole', JOB.replace('%20', '%zz')],
    ['a revocation without a reason', 'whole', 'revoked operator'],
    ['a revocation with spaces', 'whole', 'revoked operator the disk is full'],
  ] as const)('that is %s is garbled', (_, state, text) => {
    expect(parseClaim(state, text)).toEqual({ claim: { kind: 'garbled', text }, slot: null });
  });

  test('of ours reads back, whatever was said', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), fc.string({ maxLength: 100 }), (who, why) => {
        const { claim } = parseClaim('whole', revocationLine({ who, why }));
        expect(claim).toMatchObject({ kind: 'present', value: { by: 'revocation', why } });
      }),
    );
  });

  test('is garbled for any other text, and reading it never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseClaim('whole', text).claim).toEqual({ kind: 'garbled', text });
        expect(parseClaim('odd', JOB).claim.kind).toBe('garbled');
      }),
    );
  });
});

describe('an end', () => {
  test.each([
    ['exited 0 1700000000 1700000100', { kind: 'exited', exitCode: 0 }],
    ['exited 255 1 2', { kind: 'exited', exitCode: 255 }],
    ['signalled KILL 1 2', { kind: 'signalled', signal: 'KILL' }],
    ['signalled RTMIN+3 1 2', { kind: 'signalled', signal: 'RTMIN+3' }],
    ['lost', { kind: 'lost' }],
  ])('%s is read', (text, value) => {
    expect(parseEnd('whole', text)).toEqual({ kind: 'present', value });
    expect(parseEnd('odd', text)).toEqual({ kind: 'garbled', text });
  });

  test.each([
    '',
    'exited',
    'exited 0',
    'exited 256 1 2',
    'exited -1 1 2',
    'exited 0 1 2 3',
    'signalled kill 1 2',
    'Lost',
  ])('%j is garbled', (text) => {
    expect(parseEnd('whole', text)).toEqual({ kind: 'garbled', text });
  });

  test('cut anywhere is garbled or absent, never another end', () => {
    const whole = 'exited 113 1700000000 1700000100\n';
    for (let length = 0; length < whole.length; length += 1) {
      expect(parseEnd('odd', whole.slice(0, length)).kind).toBe('garbled');
    }
  });
});

describe('a word', () => {
  test('holds any text without a space, a newline or a quote that a shell would see', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-composite', maxLength: 100 }), (text) => {
        expect(encodeWord(text)).toMatch(/^[!-~]+$/);
        expect(decodeWord(encodeWord(text))).toBe(text);
      }),
    );
  });
});
