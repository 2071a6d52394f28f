import { expect, test } from 'vitest';

import type { Scheduler } from '../../src/scheduler/scheduler.ts';
import { isAlive, processesOf, read, until } from '../scheduler/lab.ts';
import { WHY, signal } from './scheduler-bench.ts';
import type { Bench } from './scheduler-bench.ts';

/** What is cut, lost or killed in the middle. */
export function cutContract(bench: Bench): void {
  const { specOf, file, started } = bench;
  test('killed in the middle of any command and asked again, a job runs once and is proven gone', async () => {
    for (let round = 0; round < 8; round += 1) {
      const cutting = (): Scheduler => bench.sut.scheduler({ transport: bench.lab.cut(round * 6) });
      const token = bench.lab.token(`case${round}`);
      bench.lab.stage(token);
      const request = { spec: specOf(token, { command: 'echo ran >> ran; exec sleep 100' }), provenTokens: [] };
      await cutting().create(request, signal);
      const found = await bench.scheduler.find(token, signal);
      const attempt = { token, job: found.kind === 'found' ? found.job : null };
      await cutting().release(attempt, signal);
      const released = await bench.scheduler.release(attempt, signal);
      expect(released.kind).toBe(found.kind === 'found' ? 'released' : 'missing');
      if (found.kind === 'found') await until(() => read(file(token, 'ran')) !== '');
      await cutting().stop(attempt, WHY, signal);
      expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
      expect(read(file(token, 'ran'))).toBe(found.kind === 'found' ? 'ran\n' : '');
      expect(processesOf(token)).toEqual([]);
      await cutting().remove(attempt, signal);
      await bench.sut.quiesce();
      expect(await bench.scheduler.remove(attempt, signal)).toEqual({ kind: 'removed' });
      expect(await bench.scheduler.list(signal)).toMatchObject({ attempts: [] });
    }
  });

  test('no operation rejects when the link is gone, and nothing is concluded', async () => {
    const attempt = await started('exec sleep 100');
    for (const sent of [true, false]) {
      const dead = bench.sut.scheduler({
        transport: { run: () => Promise.resolve({ kind: 'unknown', sent, reason: 'cut' }) },
      });
      const token = bench.lab.token('case9');
      expect(await dead.create({ spec: specOf(token), provenTokens: [] }, signal)).toMatchObject(
        sent ? { kind: 'unknown' } : { kind: 'blind', cause: 'link' },
      );
      const rest = [
        dead.prepare(signal, true),
        dead.find(token, signal),
        dead.release(attempt, signal),
        dead.revoke(attempt, WHY, signal),
        dead.look([attempt.token], signal),
        dead.list(signal),
      ];
      for (const outcome of await Promise.all(rest)) expect(outcome).toMatchObject({ kind: 'blind', cause: 'link' });
      // these last: that their answer is late, or cut off, says nothing of the host
      const late = sent ? 'not_yet' : 'blind';
      expect(await dead.stop(attempt, WHY, signal)).toMatchObject({ kind: late });
      expect(await dead.remove(attempt, signal)).toMatchObject({ kind: late });
      expect(await dead.sweepStaging([attempt.token], signal)).toMatchObject(
        sent ? { kind: 'swept', left: [{ token: attempt.token }] } : { kind: 'blind', cause: 'link' },
      );
    }
    expect(isAlive(attempt.payload)).toBe(true);
  });
}
