import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import { WHY, signal } from './scheduler-bench.ts';
import type { Bench } from './scheduler-bench.ts';
import { rewriting } from './scheduler-transports.ts';

/** How attempts that are not live any more are kept and removed. */
export function keepContract(bench: Bench): void {
  const { held, started, observed, become } = bench;
  describe('revokes', () => {
    test('what has not started, twice', async () => {
      const attempt = await held();
      expect(await bench.scheduler.revoke(attempt, WHY, signal)).toEqual({ kind: 'revoked' });
      expect(await bench.scheduler.revoke({ ...attempt, job: null }, WHY, signal)).toEqual({ kind: 'revoked' });
    });

    test('not what runs or has run, and leaves it alone', async () => {
      const attempt = await started('exec sleep 100');
      expect(await bench.scheduler.revoke(attempt, WHY, signal)).toEqual({ kind: 'claimed' });
      expect(await observed(attempt.token)).toEqual({ kind: 'executing' });
    });

    test('what has no directory, unless a process of it is there', async () => {
      const token = bench.lab.token('other');
      expect(await bench.scheduler.revoke({ token, job: null }, WHY, signal)).toEqual({ kind: 'revoked' });
      const attempt = await started('exec sleep 100');
      rmSync(bench.lab.directory(attempt.token), { recursive: true });
      expect(await bench.scheduler.revoke(attempt, WHY, signal)).toEqual({ kind: 'claimed' });
    });
  });

  describe('keeps house', () => {
    test('lists what carries the name of its installation, and nothing else', async () => {
      const attempt = await held();
      mkdirSync(path.join(bench.lab.root, 'attempts', 'mqi-other-c-1-r'));
      mkdirSync(path.join(bench.lab.root, 'attempts', `mqi-${bench.lab.instance}-odd name`));
      const staged = bench.lab.token('case2');
      mkdirSync(path.join(bench.lab.root, 'staging', staged));
      const listed = await bench.scheduler.list(signal);
      expect(listed).toEqual({
        kind: 'listed',
        attempts: [{ token: attempt.token, parts: expect.objectContaining({ caseId: 'case1' }) as unknown }],
        staging: [staged],
      });
      expect(await bench.scheduler.sweepStaging([staged], signal)).toEqual({ kind: 'swept', left: [] });
      expect(readdirSync(path.join(bench.lab.root, 'staging'))).toEqual([]);
    });

    test('tells a root that was copied from another name of its own, until the attempt has an end here', async () => {
      const attempt = await held();
      const { root } = bench.lab;
      const other = `${root}-other`;
      cpSync(root, other, { recursive: true });
      const ask = (from: string) => bench.scheduler.copied(from, [attempt.token], signal);
      expect(await ask(other)).toEqual({ kind: 'copied', tokens: [attempt.token] });
      rmSync(other, { recursive: true });
      expect(await ask(other)).toEqual({ kind: 'copied', tokens: [] });
      symlinkSync(root, other);
      expect(await ask(other)).toEqual({ kind: 'copied', tokens: [] });
      rmSync(other);
      cpSync(root, other, { recursive: true });
      writeFileSync(path.join(bench.lab.directory(attempt.token), 'end'), 'exit 0\n');
      expect(await ask(other)).toEqual({ kind: 'copied', tokens: [] });
      rmSync(other, { recursive: true });
    });

    test('removes what an attempt left, and a late start of it runs nothing', async () => {
      const attempt = await started('mkdir closed; echo x > closed/file; chmod 0 closed');
      await become(attempt.token, 'ended');
      await bench.sut.quiesce();
      expect(await bench.scheduler.remove(attempt, signal)).toEqual({ kind: 'removed' });
      expect(existsSync(bench.lab.directory(attempt.token))).toBe(false);
      expect(await bench.scheduler.remove(attempt, signal)).toEqual({ kind: 'removed' });
      expect(await bench.scheduler.list(signal)).toMatchObject({ attempts: [] });
      expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'missing' });
    });

    test('removes the claim last', async () => {
      const attempt = await held();
      await bench.scheduler.revoke(attempt, WHY, signal);
      const seen = bench.lab.directory(attempt.token);
      // a removal that is cut before its last step
      const cut = bench.sut.scheduler({
        transport: rewriting(bench.lab.transport, (command) =>
          command.replace('rm -rf "$directory/claim" && rmdir', 'false && rmdir'),
        ),
      });
      expect(await cut.remove(attempt, signal)).toMatchObject({ kind: 'not_yet' });
      expect(readdirSync(seen)).toEqual(['claim']);
      expect(await bench.scheduler.remove(attempt, signal)).toEqual({ kind: 'removed' });
    });

    test('touches no name that is not a token of its own', async () => {
      const names = ['mqi-other-c-1-r', '../../etc', `mqi-${bench.lab.instance}-c-1-r; touch x`, ''];
      for (const token of names) {
        const attempt = { token, job: null };
        expect(await bench.scheduler.look([token], signal)).toMatchObject({ kind: 'blind' });
        expect(await bench.scheduler.remove(attempt, signal)).toMatchObject({ kind: 'blind' });
        expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'blind' });
        expect(await bench.scheduler.sweepStaging([token], signal)).toMatchObject({ kind: 'blind' });
      }
    });

    test('prepares again and again, and says when the root cannot be written', async () => {
      expect(await bench.scheduler.prepare(signal, true)).toMatchObject({ kind: 'prepared' });
      const hostile = bench.sut.scheduler({
        transport: rewriting(bench.lab.transport, (command) => command.replace(/^root=.*$/m, 'root=/proc/mqi')),
      });
      expect(await hostile.prepare(signal, true)).toMatchObject({ kind: 'blind', cause: 'garbled' });
      chmodSync(bench.lab.root, 0o755);
    });
  });
}
