import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { isAlive, kill, processesOf, read, until } from '../scheduler/lab.ts';
import { WHY, signal } from './scheduler-bench.ts';
import type { Bench } from './scheduler-bench.ts';
import { without, wrappersOf } from './scheduler-transports.ts';

/** What is a proof that a job is gone when something of it was lost, and what is not. */
export function proofContract(bench: Bench): void {
  const { file, held, started, observed, become } = bench;
  describe('stops a job that lost something', () => {
    test('whose wrappers were killed while its payload lives', async () => {
      const attempt = await started(`trap '' TERM; while :; do sleep 0.1; done`);
      for (const pid of wrappersOf(attempt.token, attempt.payload)) kill(pid);
      await bench.sut.quiesce();
      // a queue may say that it was killed
      expect(await observed(attempt.token)).toMatchObject({ kind: 'executing' });
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { kind: 'lost' } });
      expect(isAlive(attempt.payload)).toBe(false);
      expect(await observed(attempt.token)).toEqual({ kind: 'ended', end: { kind: 'lost' } });
    });

    test('of which every process was killed: it is missing, and then lost', async () => {
      const attempt = await started('exec sleep 100');
      await until(() => {
        const left = processesOf(attempt.token);
        for (const pid of left) kill(pid);
        return left.length === 0;
      });
      await bench.sut.quiesce();
      expect(await observed(attempt.token)).toMatchObject({ kind: 'missing' });
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { kind: 'lost' } });
    });

    test('whose directory was purged: the slot is kept until its processes are gone', async () => {
      const attempt = await started(`trap '' TERM; while :; do sleep 0.1; done`);
      rmSync(bench.lab.directory(attempt.token), { recursive: true });
      expect(await observed(attempt.token)).toEqual({ kind: 'executing' });
      // what cannot be ended is not gone
      const powerless = bench.sut.scheduler({ transport: without('kill', bench.lab.transport) });
      expect(await powerless.stop(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
      expect(isAlive(attempt.payload)).toBe(true);
      await until(async () => (await bench.scheduler.stop(attempt, WHY, signal)).kind === 'gone');
      expect(isAlive(attempt.payload)).toBe(false);
      expect(existsSync(bench.lab.directory(attempt.token))).toBe(false);
    });

    test('whose directory was purged and made anew: a claim won there proves nothing', async () => {
      const attempt = await started(`trap '' TERM; while :; do sleep 0.1; done`);
      rmSync(bench.lab.directory(attempt.token), { recursive: true });
      mkdirSync(bench.lab.directory(attempt.token));
      expect(await observed(attempt.token)).toEqual({ kind: 'executing' });
      expect(await bench.scheduler.revoke(attempt, WHY, signal)).toEqual({ kind: 'claimed' });
      const powerless = bench.sut.scheduler({ transport: without('kill', bench.lab.transport) });
      expect(await powerless.stop(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
      await until(async () => (await bench.scheduler.stop(attempt, WHY, signal)).kind === 'gone');
      expect(isAlive(attempt.payload)).toBe(false);
    });

    test('of whose directory only a part is left', async () => {
      const attempt = await held();
      rmSync(file(attempt.token, 'manifest'));
      expect(await observed(attempt.token)).toMatchObject({ kind: 'missing' });
      // nobody can tell any more whether it ever ran
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { kind: 'lost' } });
      expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'missing' });
    });

    test('with an unreadable claim: never gone, and says why', async () => {
      const token = bench.lab.token();
      bench.lab.stage(token);
      writeFileSync(file(token, 'claim'), '');
      const outcome = await bench.scheduler.stop({ token, job: null }, WHY, signal);
      expect(outcome).toMatchObject({ kind: 'not_yet', reason: expect.stringContaining('claim') as string });
      expect(await observed(token)).toMatchObject({ kind: 'unknown' });
    });

    test('that was claimed on another node: never gone, and says where', async () => {
      const attempt = await held();
      const claim = 'job node-9 11111111-2222-3333-4444-555555555555 4026531836 0 5 5 7 gpu/0\n';
      writeFileSync(file(attempt.token, 'claim'), claim);
      const outcome = await bench.scheduler.stop(attempt, WHY, signal);
      expect(outcome).toMatchObject({ kind: 'not_yet', reason: expect.stringContaining('node-9') as string });
      expect(existsSync(file(attempt.token, 'end'))).toBe(false);
    });

    test('whose node was booted since it claimed: gone and lost', async () => {
      const attempt = await started('exit 0');
      await become(attempt.token, 'ended');
      const claim = read(file(attempt.token, 'claim')).split(' ');
      claim[2] = '00000000-0000-0000-0000-000000000000';
      writeFileSync(file(attempt.token, 'claim'), claim.join(' '));
      rmSync(file(attempt.token, 'end'));
      expect(await observed(attempt.token)).toMatchObject({ kind: 'missing' });
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { kind: 'lost' } });
    });
  });
}
