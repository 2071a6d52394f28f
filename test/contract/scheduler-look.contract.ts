import { spawn } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import { judge } from '../../src/scheduler/judge.ts';
import { isAlive, read, until } from '../scheduler/lab.ts';
import { WHY, signal } from './scheduler-bench.ts';
import type { Bench } from './scheduler-bench.ts';
import { losing, editing, rewriting, without } from './scheduler-transports.ts';

/** What a look sees, and what it must not conclude. */
export function lookContract(bench: Bench): void {
  const { file, held, started, factsOf, become } = bench;
  describe('looks', () => {
    test('at nothing, or at a thousand attempts, by one command', async () => {
      const known = await held();
      const unknown = Array.from({ length: 999 }, (_, index) => bench.lab.token(`other${index}`));
      bench.lab.commands.length = 0;
      expect(await bench.scheduler.look([], signal)).toMatchObject({ kind: 'looked', facts: [] });
      expect(bench.lab.commands).toHaveLength(1);
      const look = await bench.scheduler.look([known.token, ...unknown], signal);
      expect(bench.lab.commands).toHaveLength(2);
      if (look.kind === 'blind') throw new Error(look.reason);
      expect(look.facts.map((facts) => facts.token)).toEqual([known.token, ...unknown]);
      expect(look.facts[1]).toMatchObject({ directory: 'absent', queue: { kind: 'absent' }, job: null });
      expect(judge(look.facts[0]!, look.node)).toEqual({ kind: 'held' });
    });

    test('and sees the end of a job that ends while it looks', async () => {
      const attempt = await started('while [ ! -e go ]; do sleep 0.02; done');
      const directory = bench.lab.directory(attempt.token);
      // between its receipts and its processes the job ends, and its shells leave
      const pause = `touch '${directory}/go'; until [ -e '${directory}/end' ]; do sleep 0.02; done; sleep 0.5\nnewline=`;
      const transport = rewriting(bench.lab.transport, (command) => command.replace('newline=', pause));
      const look = await bench.sut.scheduler({ transport }).look([attempt.token], signal);
      if (look.kind === 'blind') throw new Error(look.reason);
      expect(judge(look.facts[0]!, look.node)).toEqual({ kind: 'ended', end: { kind: 'exited', exitCode: 0 } });
    });

    test('and does not miss a job that claims while it looks', async () => {
      const attempt = await held({ command: 'exec sleep 100' });
      const directory = bench.lab.directory(attempt.token);
      const pause = `until [ -e '${directory}/claim' ]; do sleep 0.02; done\nnewline=`;
      const transport = rewriting(bench.lab.transport, (command) => command.replace('newline=', pause));
      const looking = bench.sut.scheduler({ transport }).look([attempt.token], signal);
      await bench.scheduler.release(attempt, signal);
      const look = await looking;
      if (look.kind === 'blind') throw new Error(look.reason);
      expect(['queued', 'executing']).toContain(judge(look.facts[0]!, look.node).kind);
    });

    test.each(['before', 'after'])(
      'and leaves a stranger alone that took the number of an old session %s it',
      async (when) => {
        const attempt = await started('exit 0');
        await become(attempt.token, 'ended');
        const stranger = spawn('sh', ['-c', 'sleep 100 & wait'], { stdio: 'ignore', detached: true });
        const pid = stranger.pid!;
        try {
          await until(() => read(`/proc/${pid}/stat`).split(' ')[5] === String(pid));
          const claim = read(file(attempt.token, 'claim')).split(' ');
          claim[5] = claim[6] = String(pid);
          // the clock ticks since boot, at which the session of the claim began
          if (when === 'before') claim[7] = String(Number(claim[7]) + 1_000_000);
          writeFileSync(file(attempt.token, 'claim'), claim.join(' '));
          rmSync(file(attempt.token, 'end'));
          expect((await factsOf(attempt.token)).facts.processes).toEqual([]);
          expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({
            kind: 'gone',
            end: { kind: 'lost' },
          });
          expect(isAlive(pid)).toBe(true);
        } finally {
          process.kill(-pid, 'SIGKILL');
        }
      },
    );

    test('and follows a job, by the session that it opened, on a host that was renamed since', async () => {
      const attempt = await started(
        `env -i sh -c 'echo $$ > child; exec sleep 100' & while [ ! -s child ]; do sleep 0.02; done`,
      );
      await become(attempt.token, 'lingering');
      const child = Number(read(file(attempt.token, 'child')));
      const transport = rewriting(bench.lab.transport, (command) =>
        command.replace('node=$(uname -n', 'node=$(echo new'),
      );
      const renamed = bench.sut.scheduler({ transport });
      const look = await renamed.look([attempt.token], signal);
      expect(look).toMatchObject({ node: { name: 'new' }, facts: [{ processes: [child] }] });
      expect(await renamed.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { exitCode: 0 } });
      expect(isAlive(child)).toBe(false);
    });

    test('and is blind, not wrong, when an answer is cut, odd or lost', async () => {
      const attempt = await started('exec sleep 100');
      for (const cut of [0, 3, 50, 150]) {
        const transport = editing(bench.lab.transport, (stdout) => stdout.slice(0, cut));
        expect(await bench.sut.scheduler({ transport }).look([attempt.token], signal)).toMatchObject({
          kind: 'blind',
          cause: 'garbled',
        });
      }
      const unscanned = editing(bench.lab.transport, (stdout) => stdout.replace('\nscanned\n', '\n'));
      expect(await bench.sut.scheduler({ transport: unscanned }).look([attempt.token], signal)).toMatchObject({
        kind: 'blind',
      });
      const noisy = editing(bench.lab.transport, (stdout) => stdout.replace('\nscanned\n', '\nWelcome!\nscanned\n'));
      expect(await bench.sut.scheduler({ transport: noisy }).look([attempt.token], signal)).toMatchObject({
        kind: 'blind',
      });
      const lost = bench.sut.scheduler({ transport: losing(bench.lab.transport) });
      expect(await lost.look([attempt.token], signal)).toMatchObject({ kind: 'blind', cause: 'link' });
    });

    test('and is blind where grep cannot search the environments', async () => {
      const attempt = await started('exec sleep 100');
      const transport = without('grep', bench.lab.transport);
      expect(await bench.sut.scheduler({ transport }).look([attempt.token], signal)).toMatchObject({
        kind: 'blind',
        cause: 'garbled',
      });
      expect(await bench.sut.scheduler({ transport }).stop(attempt, WHY, signal)).toMatchObject({ kind: 'blind' });
      expect(isAlive(attempt.payload)).toBe(true);
    });

    test('and is blind when its root is not there, or is somebody else’s', async () => {
      const attempt = await held();
      const other = bench.sut.scheduler({ instance: 'other1' });
      const outcome = await other.prepare(signal, true);
      expect(outcome).toMatchObject({ kind: 'blind', reason: expect.stringContaining(bench.lab.instance) as string });
      expect(outcome).toMatchObject({ reason: expect.stringContaining('mqi hosts takeover host1') as string });
      expect(await other.list(signal)).toMatchObject({ kind: 'blind' });
      renameSync(path.join(bench.lab.root, 'attempts'), path.join(bench.lab.root, 'unmounted'));
      expect(await bench.scheduler.look([attempt.token], signal)).toMatchObject({ kind: 'blind', cause: 'garbled' });
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'blind' });
      expect(await bench.scheduler.find(attempt.token, signal)).toMatchObject({ kind: 'blind' });
    });
  });
}
