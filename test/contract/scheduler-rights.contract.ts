import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import { judge } from '../../src/scheduler/judge.ts';
import { giveToSomebody } from '../lab/somebody.ts';
import { isAlive, isRoot, mountSmall } from '../scheduler/lab.ts';
import { WHY, signal } from './scheduler-bench.ts';
import type { Bench } from './scheduler-bench.ts';

/** What an ordinary user of the host may not do. The scheduler of the bench is one; the tests are root. */
export function rightsContract(bench: Bench): void {
  const { file, held, started, specOf } = bench;

  const HIDDEN: readonly (readonly [string, (directory: string) => void])[] = [
    ['closed by chmod', (directory) => chmodSync(directory, 0)],
    [
      'another user’s',
      (directory) => {
        chownSync(directory, 0, 0);
        chmodSync(directory, 0o700);
      },
    ],
    ['with a claim of another user', (directory) => writeFileSync(`${directory}/claim`, 'job x\n', { mode: 0 })],
  ];
  const openAgain = (directory: string): void => {
    rmSync(`${directory}/claim`, { force: true });
    giveToSomebody(directory);
    chmodSync(directory, 0o700);
  };

  describe.runIf(isRoot)('with the rights of an ordinary user', () => {
    test.each(HIDDEN)('an attempt that is %s is that attempt’s trouble alone', async (_, hide) => {
      const runs = await started('exec sleep 100', {}, 'runs');
      const { token, job } = await held();
      const attempt = { token, job };
      hide(bench.lab.directory(token));
      const look = await bench.scheduler.look([runs.token, token], signal);
      if (look.kind === 'blind') throw new Error(look.reason);
      const reason = expect.stringContaining(bench.lab.directory(token)) as string;
      expect(look.facts.map((facts) => judge(facts, look.node))).toMatchObject([
        { kind: 'executing' },
        { kind: 'unknown', reason },
      ]);
      expect(await bench.scheduler.find(token, signal)).toMatchObject({ kind: 'not_yet', reason });
      expect(await bench.scheduler.create({ spec: specOf(token), provenTokens: [] }, signal)).toMatchObject({
        kind: 'blocked',
        reason,
      });
      expect(await bench.scheduler.release(attempt, signal)).toMatchObject({ kind: 'blocked', reason });
      expect(await bench.scheduler.revoke(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet', reason });
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet', reason });
      const list = await bench.scheduler.list(signal);
      expect(list.kind === 'listed' && list.attempts.map((listed) => listed.token)).toContain(token);

      // a later attempt of the case waits: nobody can tell that this one never ran
      const next = bench.lab.token('case1', 2);
      bench.lab.stage(next);
      const later = { spec: specOf(next), provenTokens: [] };
      expect(await bench.scheduler.create(later, signal)).toMatchObject({ kind: 'blocked', reason });
      // nor is it taken over, which would let somebody else start beside it
      const taken = await bench.sut.scheduler({ instance: 'other1' }).takeOver(signal);
      expect(taken).toMatchObject({ kind: 'blind', reason });

      openAgain(bench.lab.directory(token));
      expect(await bench.scheduler.create(later, signal)).toMatchObject({ kind: 'created' });
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: null });
      expect(isAlive(runs.payload)).toBe(true);
    });

    test('an attempt in which nothing can be written is never revoked, and never absent', async () => {
      const token = bench.lab.token();
      bench.lab.stage(token);
      chownSync(bench.lab.directory(token), 0, 0);
      const attempt = { token, job: null };
      expect(await bench.scheduler.find(token, signal)).toMatchObject({ kind: 'not_yet' });
      expect(await bench.scheduler.revoke(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
      giveToSomebody(bench.lab.directory(token));
      expect(await bench.scheduler.revoke(attempt, WHY, signal)).toEqual({ kind: 'revoked' });
    });

    test('a root whose attempts cannot be listed is out of reach as a whole', async () => {
      const { token } = await held();
      const attempts = path.join(bench.lab.root, 'attempts');
      // a name that is known could still be asked for: a list of them would be empty
      for (const mode of [0o300, 0o600, 0]) {
        chmodSync(attempts, mode);
        const blind = { kind: 'blind', reason: expect.stringContaining(attempts) as string };
        expect(await bench.scheduler.look([token], signal)).toMatchObject(blind);
        expect(await bench.scheduler.list(signal)).toMatchObject(blind);
        expect(await bench.scheduler.create({ spec: specOf(token), provenTokens: [] }, signal)).toMatchObject(blind);
      }
      chmodSync(attempts, 0o700);
      expect(await bench.scheduler.look([token], signal)).toMatchObject({ kind: 'looked' });
    });

    test('a copy in another root that cannot be looked at is not taken for none', async () => {
      const { token } = await held();
      const other = `${bench.lab.root} other`;
      mkdirSync(path.join(other, 'attempts', token), { recursive: true });
      chmodSync(other, 0);
      const copied = await bench.scheduler.copied(other, [token], signal);
      rmSync(other, { recursive: true });
      expect(copied).toMatchObject({ kind: 'blind', reason: expect.stringContaining(token) as string });
    });

    test('what a container left as root stays, by name, with its claim; the rest is removed', async () => {
      const attempt = await held();
      const directory = bench.lab.directory(attempt.token);
      await bench.scheduler.revoke(attempt, WHY, signal);
      writeFileSync(file(attempt.token, 'zz-ours'), '');
      mkdirSync(file(attempt.token, 'dose/deep'), { recursive: true });
      writeFileSync(file(attempt.token, 'dose/deep/of-root'), 'x');
      expect(await bench.scheduler.remove(attempt, signal)).toMatchObject({
        kind: 'not_yet',
        reason: expect.stringContaining(`${directory}/dose/deep/of-root`) as string,
      });
      expect(readdirSync(directory).sort()).toEqual(['claim', 'dose']);
      expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'missing' });
      giveToSomebody(directory);
      expect(await bench.scheduler.remove(attempt, signal)).toEqual({ kind: 'removed' });
      expect(existsSync(directory)).toBe(false);
    });

    test('staging is swept one by one: what is busy or another user’s is named, the rest goes', async () => {
      const staging = path.join(bench.lab.root, 'staging');
      const [theirs, busy, closed, plain, gone] = [1, 2, 3, 4, 5].map((n) => bench.lab.token(`case${n}`));
      for (const token of [theirs!, busy!, closed!, plain!]) {
        mkdirSync(path.join(staging, token, 'inputs', 'deep'), { recursive: true });
        writeFileSync(path.join(staging, token, 'inputs', 'deep', 'file'), 'x');
      }
      giveToSomebody(staging);
      chownSync(path.join(staging, theirs!, 'inputs', 'deep'), 0, 0);
      const unmount = mountSmall(path.join(staging, busy!, 'inputs'));
      // as folders come from a case that was read-only
      execFileSync('chmod', ['-R', 'a-w', path.join(staging, closed!)]);
      try {
        const swept = await bench.scheduler.sweepStaging([theirs!, busy!, closed!, plain!, gone!], signal);
        expect(swept).toMatchObject({
          kind: 'swept',
          left: [
            { token: theirs, reason: expect.stringContaining(`${theirs}/inputs/deep/file`) as string },
            { token: busy, reason: expect.stringContaining(`${busy}/inputs`) as string },
          ],
        });
        expect(new Set(readdirSync(staging))).toEqual(new Set([theirs, busy]));
      } finally {
        unmount();
      }
    });
  });
}
