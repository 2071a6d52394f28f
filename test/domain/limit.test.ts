import { expect, test } from 'vitest';

import { parseLimit } from '../../src/domain/limit.ts';

test.each([
  ['1s', 1_000],
  ['1h30m', 5_400_000],
  ['366d', 366 * 86_400_000],
])('a limit of %s is %d ms', (text, limitMs) => {
  expect(parseLimit(text)).toEqual({ kind: 'limit', limitMs });
});

test.each([
  ['', '"" is no duration'],
  ['soon', 'soon is no duration'],
  ['0s', 'a limit of 0s would end every job at its start'],
  ['999ms', 'a limit of 999ms would end every job at its start'],
  ['367d', 'a limit of 367d is longer than any job may run (366d)'],
])('%j is refused, with the bounds', (text, message) => {
  expect(parseLimit(text)).toEqual({
    kind: 'refused',
    message,
    hint: 'write it as 30m, 24h, 1h30m or 7d, from 1s to 366d',
  });
});
