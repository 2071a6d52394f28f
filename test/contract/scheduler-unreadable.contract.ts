import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';

import { describe, expect, test } from 'vitest';

import { judge } from '../../src/scheduler/judge.ts';
import type { Scheduler } from '../../src/scheduler/scheduler.ts';
import { isAlive } from '../scheduler/lab.ts';
import { WHY, signal } from './scheduler-bench.ts';
import type { Bench } from './scheduler-bench.ts';
import { failing } from './scheduler-transports.ts';

/** What can become of a receipt: each is there, and none can be read as one. */
const SPOILS: readonly (readonly [string, (file: string) => void])[] = [
  ['emptied', (file) => writeFileSync(file, '')],
  ['garbled', (file) => writeFileSync(file, 'exited 0 1 2\nand more\n')],
  ['cut', (file) => writeFileSync(file, 'exited 0')],
  ['full of NUL bytes', (file) => writeFileSync(file, Buffer.alloc(200))],
  ['made a folder', (file) => mkdirSync(file)],
  ['made a link to nothing', (file) => symlinkSync('/nowhere', file)],
  ['made a pipe', (file) => execFileSync('mkfifo', [file])],
  [
    'grown to a gigabyte',
    (file) => {
      writeFileSync(file, 'dose');
      truncateSync(file, 1_000_000_000);
    },
  ],
];

const WAYS = SPOILS.map(([way]) => way).join(', ');

/** Unreadable is never absent: what is odd of one attempt is said of that one, and every other is answered as ever. */
export function unreadableContract(bench: Bench): void {
  const { file, held, started, become, specOf } = bench;

  /** What a look says of the victims, between a job that runs, one that is held, and one that nobody knows. */
  async function lookAmongOthers(tokens: readonly string[], scheduler: Scheduler = bench.scheduler) {
    const runs = await started('exec sleep 100', {}, 'runs');
    const waits = await held({}, bench.lab.token('waits'));
    const look = await scheduler.look([runs.token, ...tokens, waits.token, bench.lab.token('nobody')], signal);
    if (look.kind === 'blind') throw new Error(look.reason);
    const observations = look.facts.map((facts) => judge(facts, look.node));
    expect([observations[0], ...observations.slice(-2)].map((seen) => seen!.kind)).toEqual([
      'executing',
      'held',
      'missing',
    ]);
    return observations.slice(1, -2);
  }

  describe('never takes for absent, and never for more than one attempt,', () => {
    test(`a claim that is ${WAYS}`, async () => {
      const attempts = [];
      for (const [index, [, spoil]] of SPOILS.entries()) {
        const attempt = await held({}, bench.lab.token(`case${index}x`));
        spoil(file(attempt.token, 'claim'));
        attempts.push(attempt);
      }
      const seen = await lookAmongOthers(attempts.map(({ token }) => token));
      for (const [index, attempt] of attempts.entries()) {
        const way = SPOILS[index]![0];
        expect(seen[index], way).toMatchObject({ kind: 'unknown' });
        expect(await bench.scheduler.find(attempt.token, signal), way).toMatchObject({ kind: 'not_yet' });
        expect(await bench.scheduler.release(attempt, signal), way).toMatchObject({ kind: 'blocked' });
        expect(await bench.scheduler.revoke(attempt, WHY, signal), way).toMatchObject({ kind: 'not_yet' });
        expect(await bench.scheduler.stop(attempt, WHY, signal), way).toMatchObject({ kind: 'not_yet' });
        const next = bench.lab.token(`case${index}x`, 2);
        bench.lab.stage(next);
        const created = await bench.scheduler.create({ spec: specOf(next), provenTokens: [] }, signal);
        const message = expect.stringContaining(attempt.token) as string;
        expect(created, way).toMatchObject({ kind: 'refused', message });
        // an operator's proof is recorded: then it goes
        expect(existsSync(file(attempt.token, 'ran')), way).toBe(false);
        expect(await bench.scheduler.remove(attempt, signal), way).toEqual({ kind: 'removed' });
      }
    });

    test(`an end that is ${WAYS}`, async () => {
      const attempts = [];
      for (const [index, [, spoil]] of SPOILS.entries()) {
        const attempt = await started('exit 0', {}, `case${index}x`);
        await become(attempt.token, 'ended');
        rmSync(file(attempt.token, 'end'));
        spoil(file(attempt.token, 'end'));
        attempts.push(attempt);
      }
      const seen = await lookAmongOthers(attempts.map(({ token }) => token));
      for (const [index, attempt] of attempts.entries()) {
        const way = SPOILS[index]![0];
        expect(seen[index], way).toMatchObject({ kind: 'unknown' });
        expect(await bench.scheduler.find(attempt.token, signal), way).toMatchObject({ kind: 'found' });
        expect(await bench.scheduler.revoke(attempt, WHY, signal), way).toEqual({ kind: 'claimed' });
        // what it said is lost for good: that it is gone can still be proven
        const lost = { kind: 'gone', end: { kind: 'lost' } };
        expect(await bench.scheduler.stop(attempt, WHY, signal), way).toMatchObject(lost);
      }
    });

    test('a folder in the place of the manifest', async () => {
      const attempt = await held();
      rmSync(file(attempt.token, 'manifest'));
      mkdirSync(file(attempt.token, 'manifest'));
      expect(await lookAmongOthers([attempt.token])).toMatchObject([{ kind: 'unknown' }]);
      await expectHidden(attempt, bench.scheduler, 'manifest is not a file');
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
    });

    test('a file in the place of its directory', async () => {
      const attempt = await held();
      renameSync(bench.lab.directory(attempt.token), `${bench.lab.root}/away`);
      writeFileSync(bench.lab.directory(attempt.token), '');
      expect(await lookAmongOthers([attempt.token])).toMatchObject([{ kind: 'unknown' }]);
      await expectHidden(attempt, bench.scheduler, 'is not a directory');
      expect(await bench.scheduler.revoke(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
      expect(await bench.scheduler.remove(attempt, signal)).toMatchObject({ kind: 'not_yet' });
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
      rmSync(bench.lab.directory(attempt.token));
      renameSync(`${bench.lab.root}/away`, bench.lab.directory(attempt.token));
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
    });

    test('a link in the place of its directory: what it leads to is neither read nor removed', async () => {
      const attempt = await held();
      const away = `${bench.lab.root}/away`;
      renameSync(bench.lab.directory(attempt.token), away);
      symlinkSync(away, bench.lab.directory(attempt.token));
      const before = readdirSync(away).sort();
      expect(await lookAmongOthers([attempt.token])).toMatchObject([{ kind: 'unknown' }]);
      await expectHidden(attempt, bench.scheduler, 'is a link');
      for (const deed of ['revoke', 'stop'] as const)
        expect(await bench.scheduler[deed](attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
      expect(await bench.scheduler.remove(attempt, signal)).toMatchObject({ kind: 'not_yet' });
      expect(readdirSync(away).sort()).toEqual(before);
    });

    test('nor for an attempt what is no directory, and nobody knows', async () => {
      const names = ['file', 'link', 'nothing'].map((name) => bench.lab.token(name));
      const [file, link, nothing] = names.map((token) => bench.lab.directory(token)) as [string, string, string];
      writeFileSync(file, 'notes');
      symlinkSync('/', link);
      symlinkSync('/nowhere', nothing);
      const listed = await bench.scheduler.list(signal);
      if (listed.kind === 'blind') throw new Error(listed.reason);
      expect(listed.attempts.filter(({ token }) => names.includes(token))).toEqual([]);
    });

    test.each([
      ['its directory', '', 'EIO'],
      ['its claim', 'claim', 'ESTALE'],
      ['its claim', 'claim', 'EACCES'],
      ['its end', 'end', 'EIO'],
      ['its manifest', 'manifest', 'EIO'],
    ] as const)('%s (%s) where the file system says %s', async (_, name, error) => {
      const attempt = await held();
      const path = name === '' ? bench.lab.directory(attempt.token) : file(attempt.token, name);
      const scheduler = bench.sut.scheduler({ transport: failing(path, error, bench.lab.transport) });
      const reason = expect.stringContaining(`${path} cannot be looked at`) as string;
      expect(await lookAmongOthers([attempt.token], scheduler)).toMatchObject([{ kind: 'unknown', reason }]);
      if (name !== 'end') await expectHidden(attempt, scheduler, path);
      expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({
        kind: 'not_yet',
        reason: expect.stringContaining(path) as string,
      });
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: null });
    });

    test('an end of a job that ran, where the file system says EIO: it is not lost', async () => {
      const attempt = await started('exit 0');
      await become(attempt.token, 'ended');
      const scheduler = bench.sut.scheduler({
        transport: failing(file(attempt.token, 'end'), 'EIO', bench.lab.transport),
      });
      expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
      const end = { kind: 'exited', exitCode: 0 };
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
    });

    test('a running job whose claim cannot be looked at: a stop ends it, and does not call it gone', async () => {
      const attempt = await started('exec sleep 100');
      const scheduler = bench.sut.scheduler({
        transport: failing(file(attempt.token, 'claim'), 'EIO', bench.lab.transport),
      });
      expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
      expect(isAlive(attempt.payload)).toBe(false);
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { exitCode: 143 } });
    });
  });

  /** Nothing is done in what is hidden, and each operation says what hides it. */
  async function expectHidden(
    attempt: Awaited<ReturnType<typeof held>>,
    scheduler: Scheduler,
    what: string,
  ): Promise<void> {
    const reason = expect.stringContaining(what) as string;
    const request = { spec: specOf(attempt.token), provenTokens: [] };
    expect(await scheduler.find(attempt.token, signal)).toMatchObject({ kind: 'not_yet', reason });
    expect(await scheduler.create(request, signal)).toMatchObject({ kind: 'blocked', reason });
    expect(await scheduler.release(attempt, signal)).toMatchObject({ kind: 'blocked', reason });
  }
}
