import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { followTokenFile, readTokenFile } from '../../src/daemon/web/token-file.ts';
import { testClock } from '../cli/site.ts';
import { tempFolder } from '../store/temp.ts';

const SECRET = '0123456789abcdef0123';

function fileOf(text: string, mode = 0o600): string {
  const path = join(tempFolder(), 'tokens');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test('a line is a name and a token', () => {
  const path = fileOf(`# who may order\nalice ${SECRET}\n\nbob@night  ${SECRET}x\n`);
  expect(readTokenFile(path)).toEqual({
    kind: 'usable',
    tokens: [
      { name: 'alice', secret: SECRET },
      { name: 'bob@night', secret: `${SECRET}x` },
    ],
  });
});

test.each([
  ['nothing', '', /holds no token/],
  ['a token alone', `${SECRET}\n`, /:1 is not of the form NAME TOKEN/],
  ['three words', `alice ${SECRET} ${SECRET}\n`, /:1 is not of the form/],
  ['a name that is none', `<b> ${SECRET}\n`, /:1 is not of the form/],
  ['a short token', `\nalice hunter2\n`, /:2 is shorter than 20/],
  ['one name twice', `alice ${SECRET}\nalice ${SECRET}\n`, /a second token/],
])('of %s nothing is usable, and the reason tells no secret', (_, text, reason) => {
  const found = readTokenFile(fileOf(text));
  expect(found).toEqual({ kind: 'unusable', reason: expect.stringMatching(reason) as string });
  expect(JSON.stringify(found)).not.toContain(SECRET);
});

test('a file that others can read is not used', () => {
  const path = fileOf(`alice ${SECRET}\n`, 0o640);
  expect(readTokenFile(path)).toEqual({ kind: 'unusable', reason: `others can read ${path}: chmod 600 ${path}` });
});

test('a file that is not there is said to be', () => {
  expect(readTokenFile('/nowhere/tokens')).toMatchObject({
    kind: 'unusable',
    reason: expect.stringContaining('ENOENT') as string,
  });
});

test('a changed file counts a second later, without a restart', () => {
  const path = fileOf(`alice ${SECRET}\n`);
  const clock = testClock();
  const tokens = followTokenFile(path, clock);
  writeFileSync(path, `bob ${SECRET}\n`);
  expect(tokens()).toMatchObject({ tokens: [{ name: 'alice' }] });
  clock.pass(1_000);
  expect(tokens()).toMatchObject({ tokens: [{ name: 'bob' }] });
});
