import { existsSync, writeFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { read } from '../scheduler/lab.ts';
import { WHY, signal } from './scheduler-bench.ts';
import type { Bench } from './scheduler-bench.ts';
import { losing, editing } from './scheduler-transports.ts';

/** How a job is found again, and let go. */
export function findContract(bench: Bench): void {
  const { specOf, file, create, held, started, observed, become } = bench;
  describe('finds a job', () => {
    test('that was created, whose answer was lost', async () => {
      const token = bench.lab.token();
      bench.lab.stage(token);
      const lossy = bench.sut.scheduler({ transport: losing(bench.lab.transport) });
      expect(await lossy.create({ spec: specOf(token), provenTokens: [] }, signal)).toMatchObject({
        kind: 'unknown',
      });
      const found = await bench.scheduler.find(token, signal);
      if (found.kind !== 'found') throw new Error(JSON.stringify(found));
      expect(found.job.id).not.toBeNull();
      await bench.scheduler.release({ token, job: found.job }, signal);
      await become(token, 'ended');
      expect(read(file(token, 'ran'))).toBe('ran\n');
    });

    test('whose answer was cut: it may be there', async () => {
      const token = bench.lab.token();
      bench.lab.stage(token);
      const cut = bench.sut.scheduler({
        transport: editing(bench.lab.transport, (stdout) => stdout.replace('done\n', '')),
      });
      expect(await cut.create({ spec: specOf(token), provenTokens: [] }, signal)).toMatchObject({ kind: 'unknown' });
      expect(await bench.scheduler.find(token, signal)).toMatchObject({ kind: 'found' });
    });

    test('not where there is none; and then it never can be made', async () => {
      const token = bench.lab.token();
      bench.lab.stage(token);
      expect(await bench.scheduler.find(token, signal)).toEqual({ kind: 'absent' });
      expect(await create(token)).toMatchObject({ kind: 'refused' });
      expect(await bench.scheduler.find(token, signal)).toEqual({ kind: 'absent' });
      expect(await observed(token)).toMatchObject({ kind: 'missing' });
    });

    test('not where nothing was uploaded', async () => {
      expect(await bench.scheduler.find(bench.lab.token(), signal)).toEqual({ kind: 'absent' });
    });

    test('by its claim', async () => {
      const attempt = await started('sleep 100');
      expect(await bench.scheduler.find(attempt.token, signal)).toMatchObject({ kind: 'found' });
    });

    test('nothing where the claim cannot be read', async () => {
      const token = bench.lab.token();
      bench.lab.stage(token);
      writeFileSync(file(token, 'claim'), '');
      expect(await bench.scheduler.find(token, signal)).toMatchObject({ kind: 'not_yet' });
    });
  });

  describe('releases a job', () => {
    test('twice and three times at once, and it runs once', async () => {
      const attempt = await held({ command: 'echo ran >> ran; sleep 0.3' });
      const outcomes = await Promise.all([1, 2, 3].map(() => bench.scheduler.release(attempt, signal)));
      for (const outcome of outcomes) expect(outcome.kind).toBe('released');
      await become(attempt.token, 'executing');
      expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
      await become(attempt.token, 'ended');
      expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
      await bench.sut.quiesce();
      expect(read(file(attempt.token, 'ran'))).toBe('ran\n');
    });

    test('never that was revoked', async () => {
      const attempt = await held();
      expect(await bench.scheduler.revoke(attempt, WHY, signal)).toEqual({ kind: 'revoked' });
      expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'missing' });
      expect(await observed(attempt.token)).toMatchObject({ kind: 'missing' });
      expect(existsSync(file(attempt.token, 'ran'))).toBe(false);
    });

    test('not where there is none', async () => {
      const token = bench.lab.token();
      expect(await bench.scheduler.release({ token, job: null }, signal)).toEqual({ kind: 'missing' });
      bench.lab.stage(token);
      expect(await bench.scheduler.release({ token, job: null }, signal)).toEqual({ kind: 'missing' });
    });
  });
}
