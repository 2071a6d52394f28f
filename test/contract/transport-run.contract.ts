import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { quoteAll } from '../../src/transport/quote.ts';
import { HOSTILE, scratch } from '../transport/scratch.ts';
import { timeoutMs, until } from './transport-host.ts';
import type { ContractHost } from './transport-host.ts';

export function runContract(host: ContractHost): void {
  describe('run', () => {
    test('a command that ended is done, with its exit code and both outputs', async () => {
      const outcome = await host.transport.run('printf out; printf err >&2; exit 7', { timeoutMs });
      expect(outcome).toEqual({ kind: 'done', exitCode: 7, stdout: 'out', stderr: 'err' });
    });

    test('a command gets its input, whole and closed', async () => {
      const stdin = 'grün\n'.repeat(200_000);
      const outcome = await host.transport.run('cat', { stdin, timeoutMs });
      expect(outcome).toMatchObject({ kind: 'done', exitCode: 0 });
      expect(outcome.kind === 'done' && outcome.stdout === stdin).toBe(true);
    });

    test('a command without input finds it closed', async () => {
      expect(await host.transport.run('cat; echo end', { timeoutMs })).toMatchObject({ kind: 'done', stdout: 'end\n' });
    });

    test('a command that does not want its input is done all the same', async () => {
      const outcome = await host.transport.run('exit 3', { stdin: 'x'.repeat(4_000_000), timeoutMs });
      expect(outcome).toMatchObject({ kind: 'done', exitCode: 3 });
    });

    test('a long output comes whole, also when both outputs are long', async () => {
      const outcome = await host.transport.run(
        'head -c 3000000 /dev/zero | tr "\\0" e >&2; head -c 5000000 /dev/zero | tr "\\0" o',
        { timeoutMs },
      );
      if (outcome.kind !== 'done') throw new Error(outcome.reason);
      expect([outcome.stdout.length, outcome.stderr.length]).toEqual([5_000_000, 3_000_000]);
    });

    test('an endless output is unknown, not an endless memory', async () => {
      const outcome = await host.transport.run('cat /dev/zero', { timeoutMs: 60_000 });
      expect(outcome).toMatchObject({ kind: 'unknown', sent: true });
      expect(outcome.kind === 'unknown' && outcome.reason).toContain('garbled');
    });

    test('a command that does not answer in time is unknown, and may go on', async () => {
      const mark = join(scratch(), 'went on');
      const command = `${quoteAll(['mkfifo', `${mark}.pipe`])}; read line <${quoteAll([`${mark}.pipe`])}; ${quoteAll(['touch', mark])}`;
      const outcome = await host.transport.run(command, { timeoutMs: 300 });
      expect(outcome).toMatchObject({ kind: 'unknown', sent: true });
      // opening the pipe waits until the command reads from it
      writeFileSync(`${mark}.pipe`, 'go\n');
      await until(() => existsSync(mark));
    });

    test('an aborted command is unknown', async () => {
      const abort = new AbortController();
      const running = host.transport.run('exec sleep 30', { timeoutMs, signal: abort.signal });
      abort.abort();
      expect(await running).toMatchObject({ kind: 'unknown' });
    });

    test('a command aborted before it began was not sent', async () => {
      const outcome = await host.transport.run('true', { timeoutMs, signal: AbortSignal.abort() });
      expect(outcome).toMatchObject({ kind: 'unknown', sent: false });
    });

    test('arguments arrive as they are', async () => {
      const names = Object.keys(HOSTILE);
      const outcome = await host.transport.run(quoteAll(['printf', '%s\\n', '--', ...names]), { timeoutMs });
      expect(outcome).toMatchObject({ stdout: ['--', ...names].map((argument) => `${argument}\n`).join('') });
    });

    test('many commands at once each get their own answer', async () => {
      const asked = Array.from({ length: 24 }, (_, index) => host.transport.run(`echo ${index}`, { timeoutMs }));
      const answers = await Promise.all(asked);
      expect(answers).toMatchObject(asked.map((_, index) => ({ kind: 'done', stdout: `${index}\n` })));
    });
  });
}
