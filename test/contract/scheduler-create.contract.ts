import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import { quoteAll } from '../../src/transport/quote.ts';
import { read } from '../scheduler/lab.ts';
import { WHY, signal } from './scheduler-bench.ts';
import type { Bench } from './scheduler-bench.ts';

/** How a job comes to exist, once. */
export function createContract(bench: Bench): void {
  const { file, create, held, started, factsOf, observed, become } = bench;
  describe('creates a job', () => {
    test('that is held, and runs only when it is released', async () => {
      const attempt = await held();
      expect(attempt.job.id).not.toBeNull();
      expect(await observed(attempt.token)).toEqual({ kind: 'held' });
      expect(existsSync(file(attempt.token, 'claim'))).toBe(false);
      expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
      expect(await become(attempt.token, 'ended')).toEqual({ kind: 'ended', end: { kind: 'exited', exitCode: 0 } });
      expect(read(file(attempt.token, 'ran'))).toBe('ran\n');
      expect((await factsOf(attempt.token)).facts).toMatchObject({ slot: 'gpu 1/slot/0', processes: [] });
      expect(read(path.join(bench.lab.root, 'events'))).toBe(`claimed ${attempt.token}\nended ${attempt.token}\n`);
    });

    test('once, when its answer was lost and it is asked again', async () => {
      const attempt = await held();
      expect(await create(attempt.token)).toEqual({ kind: 'created', job: attempt.job });
      expect((await bench.scheduler.list(signal)) as unknown).toMatchObject({ attempts: [{ token: attempt.token }] });
    });

    test('with arguments, prologue and environment as they are', async () => {
      const words = ['a b', `it's`, '"$HOME"', '`x`', 'new\nline', '-n', 'ä', '\\'];
      const attempt = await held({
        command: `printf '%s\\n' "$P" "$E" ${quoteAll(words)}`,
        prologue: `P='from the prologue'; export P`,
        env: { E: `it's "$X"` },
      });
      await bench.scheduler.release(attempt, signal);
      await become(attempt.token, 'ended');
      const said = ['from the prologue', `it's "$X"`, ...words].map((word) => `${word}\n`).join('');
      expect(read(file(attempt.token, 'stdout'))).toBe(said);
    });

    test('of which a failed command is an end, not a loss', async () => {
      const attempt = await held({ command: 'exit 7' });
      await bench.scheduler.release(attempt, signal);
      expect(await become(attempt.token, 'ended')).toEqual({ kind: 'ended', end: { kind: 'exited', exitCode: 7 } });
    });

    test('not when an earlier attempt of the case was claimed by its job; then this one never can run', async () => {
      const earlier = await started('exit 0');
      await become(earlier.token, 'ended');
      const token = bench.lab.token('case1', 2);
      bench.lab.stage(token);
      const outcome = await create(token);
      expect(outcome).toMatchObject({ kind: 'refused', hint: 'mqi cases adopt case1' });
      expect(outcome).toMatchObject({ message: expect.stringContaining(earlier.token) as string });
      expect(await observed(token)).toMatchObject({ kind: 'missing' });
      expect(await create(token)).toMatchObject({ kind: 'refused' });
      expect(await bench.scheduler.revoke({ token, job: null }, WHY, signal)).toEqual({ kind: 'revoked' });
    });

    test('beside an earlier attempt that has its proof', async () => {
      const earlier = await started('exit 0');
      await become(earlier.token, 'ended');
      const token = bench.lab.token('case1', 2);
      bench.lab.stage(token);
      expect(await create(token, {}, [earlier.token])).toMatchObject({ kind: 'created' });
    });

    test('and revokes an earlier attempt that nobody has claimed', async () => {
      const earlier = await held();
      const later = await held({}, bench.lab.token('case1', 2));
      await bench.scheduler.release(earlier, signal);
      await bench.scheduler.release(later, signal);
      await become(later.token, 'ended');
      expect(await observed(earlier.token)).toMatchObject({ kind: 'missing' });
      expect(existsSync(file(earlier.token, 'ran'))).toBe(false);
    });

    test('not when the request comes late, after its attempt was revoked; and then it leaves the next attempt alone', async () => {
      const late = bench.lab.token();
      bench.lab.stage(late);
      expect(await bench.scheduler.revoke({ token: late, job: null }, WHY, signal)).toEqual({ kind: 'revoked' });
      const next = await held({}, bench.lab.token('case1', 2));
      expect(await create(late)).toMatchObject({ kind: 'refused', hint: null });
      rmSync(bench.lab.directory(late), { recursive: true });
      expect(await create(late)).toMatchObject({ kind: 'refused', hint: null });
      expect(await observed(next.token)).toEqual({ kind: 'held' });
    });

    test('not when an earlier attempt still has a process, even if its directory was purged', async () => {
      const earlier = await started('sleep 100');
      rmSync(bench.lab.directory(earlier.token), { recursive: true });
      const token = bench.lab.token('case1', 2);
      bench.lab.stage(token);
      expect(await create(token)).toMatchObject({ kind: 'refused', hint: 'mqi cases adopt case1' });
    });

    test('not when its files are not there', async () => {
      expect(await create(bench.lab.token())).toMatchObject({ kind: 'refused', hint: null });
    });

    test('beside the attempts of other cases, which it leaves alone', async () => {
      const other = await held({}, bench.lab.token('case', 1));
      await held({}, bench.lab.token('case1', 1));
      expect(await observed(other.token)).toEqual({ kind: 'held' });
    });

    test('not out of a configuration that no shell can run', async () => {
      const token = bench.lab.token();
      bench.lab.stage(token);
      expect(await create(token, { env: { 'A-B': '' } })).toMatchObject({ kind: 'blocked' });
      expect(await create(token, { command: '' })).toMatchObject({ kind: 'blocked' });
    });
  });
}
