import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { formatToken, isMereWord, parseToken, tokenPrefix } from '../../src/domain/attempt.ts';
import type { TokenParts } from '../../src/domain/attempt.ts';

const word = fc.stringMatching(/^[a-z0-9]{1,12}$/);
const parts: fc.Arbitrary<TokenParts> = fc.record({
  instance: word,
  caseId: word,
  attempt: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  random: word,
});

test('a token can be read back into what it was made of', () => {
  expect(formatToken({ instance: 'lab', caseId: 'c7', attempt: 2, random: 'k2f4' })).toBe('mqi-lab-c7-2-k2f4');
  fc.assert(
    fc.property(parts, (made) => {
      expect(parseToken(formatToken(made))).toEqual(made);
    }),
  );
});

test('whatever is read as a token is written back as the same text', () => {
  const nearly = fc.array(fc.constantFrom('mqi', '-', 'a', '7', '0', '1', 'Z', ' ', '\n'), { maxLength: 12 });
  fc.assert(
    fc.property(
      fc.oneof(
        nearly.map((pieces) => pieces.join('')),
        fc.string(),
      ),
      (text) => {
        const read = parseToken(text);
        expect(read === null ? text : formatToken(read)).toBe(text);
      },
    ),
  );
});

test.each([
  '',
  'mqi',
  'mqi-lab-c7-2',
  'mqi-lab-c7-0-k2f4',
  'mqi-lab-c7-02-k2f4',
  'mqi-lab-c7--k2f4',
  'mqi-Lab-c7-2-k2f4',
  'mqi-lab-c7-2-k2f4-x',
  'mqi-lab-c7-2-k2f4\n',
  ' mqi-lab-c7-2-k2f4',
  'mqi-lab-c7-2-k2_4',
])('%j is no token', (text) => {
  expect(parseToken(text)).toBeNull();
});

test('a token begins with the prefix of its own installation and of no other', () => {
  fc.assert(
    fc.property(parts, word, (made, other) => {
      const token = formatToken(made);
      expect(token.startsWith(tokenPrefix(made.instance))).toBe(true);
      expect(token.startsWith(tokenPrefix(other))).toBe(other === made.instance);
    }),
  );
});

test('two attempts have two tokens', () => {
  fc.assert(
    fc.property(parts, parts, (one, two) => {
      expect(formatToken(one) === formatToken(two)).toBe(JSON.stringify(one) === JSON.stringify(two));
    }),
  );
});

test.each([
  ['revoked', false],
  ['gone', false],
  ['never_created', true],
  ['operator', true],
] as const)('the proof %s is a mere word: %s', (proof, isMere) => {
  expect(isMereWord(proof)).toBe(isMere);
});
