import { existsSync, rmSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { isAlive, kill, processesOf, read, until } from '../scheduler/lab.ts';
import { WHY, signal } from './scheduler-bench.ts';
import type { Bench } from './scheduler-bench.ts';

/** How a job is ended. */
export function stopContract(bench: Bench): void {
  const { file, held, started, factsOf, become } = bench;
  describe('stops a job', () => {
    test.each(['its claim', 'its directory'] as const)(
      'of which %s was deleted while it ran, without a mark in its environment: by the claim that was seen once',
      async (what) => {
        const quiet = `env -i /bin/sh -c 'trap "" TERM; echo $$ > payload; while :; do sleep 0.1; done'`;
        const attempt = await started(quiet);
        await until(() => read(file(attempt.token, 'payload')) !== '');
        const payload = Number(read(file(attempt.token, 'payload')));
        const { claim } = (await factsOf(attempt.token)).facts;
        if (claim.kind !== 'present' || claim.value.by !== 'job') throw new Error(claim.kind);
        rmSync(what === 'its claim' ? file(attempt.token, 'claim') : bench.lab.directory(attempt.token), {
          recursive: true,
        });
        const seen = { ...attempt, claim: claim.value };
        expect(await bench.scheduler.stop(seen, WHY, signal)).toMatchObject({ kind: 'gone' });
        expect(isAlive(payload)).toBe(false);
      },
    );

    test('that is held: it is gone without an end, and never runs', async () => {
      const attempt = await held();
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: null });
      expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'missing' });
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: null });
      await bench.sut.quiesce();
      expect(existsSync(file(attempt.token, 'ran'))).toBe(false);
      expect(existsSync(file(attempt.token, 'end'))).toBe(false);
    });

    test('that executes: it ends by TERM, and its own end stands', async () => {
      const attempt = await started('echo result > result; exec sleep 100');
      const end = { kind: 'exited', exitCode: 143 };
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
      expect(processesOf(attempt.token)).toEqual([]);
      expect(read(file(attempt.token, 'outputs'))).toContain('./result\0');
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
    });

    test('that ignores TERM', async () => {
      const attempt = await started(`trap '' TERM; while :; do sleep 0.1; done`);
      const end = { kind: 'exited', exitCode: 137 };
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
      expect(isAlive(attempt.payload)).toBe(false);
    });

    test('that is stopped by a signal', async () => {
      const attempt = await started('exec sleep 100');
      kill(attempt.payload, 'SIGSTOP');
      const end = { kind: 'exited', exitCode: 143 };
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
      expect(isAlive(attempt.payload)).toBe(false);
    });

    test('that has ended by itself: its end stands', async () => {
      const attempt = await started('exit 3');
      await become(attempt.token, 'ended');
      const end = { kind: 'exited', exitCode: 3 };
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
    });

    test('twice at once', async () => {
      const attempt = await started('exec sleep 100');
      const stopped = await Promise.all([1, 2].map(() => bench.scheduler.stop(attempt, WHY, signal)));
      expect(stopped.map((outcome) => outcome.kind)).toContain('gone');
      for (const outcome of stopped) expect(['gone', 'not_yet']).toContain(outcome.kind);
    });

    test('whose child has a session of its own', async () => {
      const attempt = await started(
        `setsid sh -c 'echo $$ > child; exec sleep 100' & while [ ! -s child ]; do sleep 0.02; done`,
      );
      expect(await become(attempt.token, 'lingering')).toEqual({ kind: 'lingering' });
      const end = { kind: 'exited', exitCode: 0 };
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
      expect(isAlive(Number(read(file(attempt.token, 'child'))))).toBe(false);
    });

    test('whose child has lost its environment, and is found by the session', async () => {
      const attempt = await started(
        `env -i sh -c 'echo $$ > child; exec sleep 100' & while [ ! -s child ]; do sleep 0.02; done`,
      );
      await until(() => read(file(attempt.token, 'child')) !== '');
      const child = Number(read(file(attempt.token, 'child')));
      expect(processesOf(attempt.token)).not.toContain(child);
      await become(attempt.token, 'lingering');
      expect((await factsOf(attempt.token)).facts.processes).toEqual([child]);
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
      expect(isAlive(child)).toBe(false);
    });
  });
}
