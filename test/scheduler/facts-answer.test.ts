import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readFacts } from '../../src/scheduler/facts-answer.ts';

const TOKEN = 'mqi-i-c-1-r';
const LINES = [
  `token ${TOKEN} present present present`,
  'claim whole job n 66013fbc-2c37 1 0 5 5 7 gpu/0',
  'end absent ',
  'queue {"tasks": 1}',
  `process 5 ${TOKEN}`,
  `process 5 ${TOKEN}`,
  'process 9 mqi-i-d-1-r',
  'scanned',
];

describe('the answer of a look', () => {
  test('is read line by line', () => {
    const read = readFacts(LINES);
    expect(read).toMatchObject({
      attempts: [{ token: TOKEN, directory: 'present', slot: 'gpu/0', processes: [5], end: { kind: 'absent' } }],
      strangers: ['mqi-i-d-1-r'],
      queueText: '{"tasks": 1}',
      rest: [],
    });
  });

  test('takes the later reading of an end', () => {
    const read = readFacts([...LINES, `late ${TOKEN} whole exited 0 1 2`]);
    expect(read?.attempts[0]?.end).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: 0 } });
  });

  test('of what is hidden says why, and takes nothing for absent', () => {
    const why = '/r/attempts/x cannot be searched by me';
    const hidden = readFacts([
      `token ${TOKEN} hidden present absent`,
      `hidden ${why}`,
      `claim hidden ${why}`,
      `end hidden ${why}`,
      'scanned',
    ]);
    const nothingAbsent = {
      directory: 'present',
      manifest: 'present',
      claim: { kind: 'garbled' },
      end: { kind: 'garbled' },
    };
    expect(hidden?.attempts[0]).toMatchObject({ unreadable: why, ...nothingAbsent });
    const half = readFacts([...LINES.slice(0, 2), `end hidden ${why}`, 'scanned']);
    expect(half?.attempts[0]).toMatchObject({ unreadable: why, claim: { kind: 'present' }, end: { kind: 'garbled' } });
    const late = readFacts([...LINES, `late ${TOKEN} hidden ${why}`]);
    expect(late?.attempts[0]).toMatchObject({ unreadable: why, end: { kind: 'garbled' } });
  });

  test.each([
    ['without the word that all was looked through', LINES.slice(0, -1)],
    ['with an attempt without its end', LINES.filter((line) => !line.startsWith('end'))],
    ['with an attempt without its claim', LINES.filter((line) => !line.startsWith('claim'))],
    ['with a second claim for one attempt', [LINES[0]!, LINES[1]!, LINES[1]!, ...LINES.slice(2)]],
    ['with a claim of nobody', LINES.slice(1)],
    ['with a late end of nobody', [...LINES, 'late mqi-i-x-1-r whole lost']],
    ['with an odd token line', ['token x present present', ...LINES.slice(1)]],
    ['with an odd process', [...LINES, 'process x y']],
    ['with something hidden of nobody', ['hidden x', ...LINES]],
    ['with nothing in it', []],
  ])('%s is no answer', (_, lines) => {
    expect(readFacts(lines)).toBeNull();
  });

  test('cut after any line is no answer, or the whole one', () => {
    for (let length = 0; length < LINES.length; length += 1) expect(readFacts(LINES.slice(0, length))).toBeNull();
  });

  test('of any lines is read or refused, and never throws', () => {
    const line = fc.oneof(fc.constantFrom(...LINES), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const read = readFacts(lines);
        if (read !== null) expect(lines).toContain('scanned');
      }),
    );
  });
});
