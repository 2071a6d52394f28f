import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { quoteAll } from '../../src/transport/quote.ts';
import { specProblem } from '../../src/scheduler/job-script.ts';
import { attempt, endOf, exitOf, runJob, start } from './job-bench.ts';
import { isAlive, kill, processesOf, read, spec, until } from './lab.ts';

describe('the command', () => {
  test('is run word by word as it is quoted, whatever is in them', async () => {
    const hard = '$(echo no) `no` "\'\n*';
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 4 }), async (drawn) => {
        const words = drawn.map((word) => Buffer.from(word).toString().replaceAll('\0', ''));
        const { directory } = attempt({ command: `printf '%s\\0' ${quoteAll([...words, hard])}` });
        expect(await runJob(directory)).toBe(0);
        const expected = [...words, hard].map((word) => `${word}\0`).join('');
        expect(read(path.join(directory, 'stdout'))).toBe(expected);
      }),
      { numRuns: 15 },
    );
  });

  test('is run by sh, in the attempt directory, with its environment, token and the absolute path of its inputs', async () => {
    const env = { A: `it's "$HOME"`, MQI_TOKEN: 'stolen', MQI_INPUTS: '/stolen' };
    const { token, directory } = attempt({ command: 'echo "$A" | cat; echo "$MQI_TOKEN" "$MQI_INPUTS"; pwd', env });
    await runJob(directory);
    expect(read(path.join(directory, 'stdout'))).toBe(`it's "$HOME"\n${token} ${directory}/inputs\n${directory}\n`);
  });

  test('gets nothing on its standard input', async () => {
    const { directory } = attempt({ command: 'cat' });
    expect(await runJob(directory)).toBe(0);
  });

  test('that cannot be found is a failure of the job', async () => {
    const { directory } = attempt({ command: 'no-such-engine' });
    expect(await runJob(directory)).toBe(127);
    expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: 127 } });
    expect(read(path.join(directory, 'stderr'))).toContain('no-such-engine');
  });

  test('that ends by a signal has the code that a shell gives it', async () => {
    const { directory } = attempt({ command: 'kill -s SEGV $$' });
    await runJob(directory);
    expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: 139 } });
  });

  test('gets the TERM that its queue sends to the outer shell, and its end is still written', async () => {
    const { directory } = attempt({ command: 'echo up > up; exec sleep 100' });
    const child = start(directory);
    const exited = exitOf(child);
    await until(() => existsSync(path.join(directory, 'up')));
    child.kill('SIGTERM');
    expect(await exited).toBe(143);
    expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: 143 } });
  });

  test('outlives a SIGKILL of the outer shell', async () => {
    const { token, directory } = attempt({ command: 'echo $$ > up; while [ ! -e go ]; do sleep 0.05; done' });
    const child = start(directory);
    await until(() => read(path.join(directory, 'up')) !== '');
    kill(child.pid!);
    await exitOf(child);
    expect(isAlive(Number(read(path.join(directory, 'up'))))).toBe(true);
    writeFileSync(path.join(directory, 'go'), '');
    await until(() => endOf(directory).kind === 'present' && processesOf(token).length === 0);
    expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: 0 } });
  });

  test.each([
    ['an empty text', { command: '' }],
    ['a NUL byte', { command: 'a\0b' }],
    ['a name that no variable can have', { env: { 'X-Y': '1' } }],
  ])('cannot be made out of %s', (_, change) => {
    expect(specProblem(spec('mqi-i-c-1-r', change))).not.toBeNull();
  });
});

describe('the prologue', () => {
  test('runs before the command, in the same shell', async () => {
    const { directory } = attempt({
      prologue: 'X=1; export X\nset -- a b; cd /',
      command: 'echo $X; pwd',
    });
    await runJob(directory);
    expect(read(path.join(directory, 'stdout'))).toBe('1\n/\n');
  });

  test.each([
    ['a command that fails', 'no-such-module load cuda\ntrue', 'no-such-module'],
    ['an open quote', 'echo "abc', ''],
    ['a syntax error', 'if true; fi', ''],
    ['an endless here-document', 'cat <<X\n; exit 9', ''],
    ['an exit that says all is well', 'exit 0', ''],
    ['an exit that does not', 'exit 3', ''],
    ['a variable that is not set', 'echo "${NOT_SET?is not set}"', 'NOT_SET'],
  ])('that is wrong (%s) fails the job, and says so in stderr', async (name, prologue, said) => {
    const { directory } = attempt({ prologue, command: 'echo ran > ran' });
    const code = await runJob(directory);
    if (name === 'an endless here-document') {
      // the shell ends the document at the end of the prologue and goes on: it did what it says
      expect(code).toBe(0);
      return;
    }
    expect(code).not.toBe(0);
    expect(existsSync(path.join(directory, 'ran'))).toBe(false);
    expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: code } });
    expect(read(path.join(directory, 'stderr'))).toContain(said);
    expect(read(path.join(directory, 'stderr'))).toContain('the command was not started');
  });

  test('does not make the command stop at its first failure', async () => {
    const { directory } = attempt({ prologue: 'true', command: 'false; echo on' });
    await runJob(directory);
    expect(read(path.join(directory, 'stdout'))).toBe('on\n');
  });
});
