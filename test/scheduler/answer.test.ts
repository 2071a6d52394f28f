import { describe, expect, test } from 'vitest';

import { readAnswer } from '../../src/scheduler/answer.ts';

const NODE = 'node vm 66013fbc-2c37-42ec-8f42-892ba54d391f 4026531836 0';
const done = (stdout: string, exitCode = 0, stderr = '') => ({ kind: 'done', exitCode, stdout, stderr }) as const;

describe('the answer of a host', () => {
  test('is the lines in its frame, and where it ran', () => {
    expect(readAnswer(done(`mqi\n${NODE}\na\nb\ndone\n`), 'gpu1')).toMatchObject({
      kind: 'answered',
      node: { name: 'vm', uid: 0 },
      lines: ['a', 'b'],
    });
  });

  test.each([
    ['', 'garbled'],
    [`mqi\n${NODE}\n`, 'garbled'],
    [`mqi\n${NODE}\ndone`, 'garbled'],
    [`hello\nmqi\n${NODE}\ndone\n`, 'garbled'],
    ['mqi\ndone\n', 'garbled'],
    [`mqi\n${NODE}\nproblem queue the daemon is down\ndone\n`, 'queue'],
    [`mqi\n${NODE}\nproblem owner other1\ndone\n`, 'garbled'],
  ])('%j makes us blind', (stdout, cause) => {
    expect(readAnswer(done(stdout), 'gpu1')).toMatchObject({ kind: 'blind', cause });
  });

  test('with another exit code is none, and the first line of its errors is told', () => {
    expect(readAnswer(done(`mqi\n${NODE}\ndone\n`, 127, '\nsh: pueue: not found\nmore\n'), 'gpu1')).toMatchObject({
      kind: 'blind',
      reason: 'the command on the host ended with code 127 and gave no whole answer: sh: pueue: not found',
    });
  });

  test('of another owner names it and the command to take over', () => {
    const answer = readAnswer(done(`mqi\n${NODE}\nproblem owner other1\ndone\n`), 'gpu1');
    expect(answer).toMatchObject({ reason: expect.stringContaining('"other1"') as string });
    expect(answer).toMatchObject({ reason: expect.stringContaining('mqi hosts takeover gpu1') as string });
  });

  test('that did not come is a lost link', () => {
    const lost = { kind: 'unknown', sent: true, reason: 'cut' } as const;
    expect(readAnswer(lost, 'gpu1')).toEqual({ kind: 'blind', cause: 'link', reason: 'cut' });
  });
});
