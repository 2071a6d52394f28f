import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { isAlive, kill, read, until } from '../scheduler/lab.ts';
import { WHY, signal } from './scheduler-bench.ts';
import type { Bench } from './scheduler-bench.ts';
import { rewriting } from './scheduler-transports.ts';

/** The grace of the bench. */
const GRACE_MS = 2_500;

/** What a stop may cost, in time and in looks through the processes, and that there is one at a time. */
export function graceContract(bench: Bench): void {
  const { file, held, started } = bench;

  /** Schedulers whose host notes each look through its processes, and may be slow at it. */
  function counting(before = '') {
    const scans = `${bench.lab.root}/scans`;
    writeFileSync(scans, '');
    const note = `scan() { ${before} printf 'x' >> '${scans}'; `;
    const transport = rewriting(bench.lab.transport, (command) => command.replace('scan() {', note));
    return { scheduler: bench.sut.scheduler({ transport }), count: () => read(scans).length };
  }

  const DEAF = `trap '' TERM; while :; do sleep 0.1; done`;

  describe('stops a job that ignores TERM', () => {
    test('after its grace by the clock, looking once a second', async () => {
      const attempt = await started(DEAF);
      const { scheduler, count } = counting();
      const began = Date.now();
      expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { exitCode: 137 } });
      expect(Date.now() - began).toBeGreaterThanOrEqual(GRACE_MS);
      // one at first, one a second of grace, one after each KILL, two that find none, two for the proof
      expect(count()).toBeLessThanOrEqual(14);
      expect(isAlive(attempt.payload)).toBe(false);
    });

    test('in no more time where each look through the processes is slow', async () => {
      const attempt = await started(DEAF);
      // as with many thousands of processes
      const { scheduler, count } = counting('sleep 0.7;');
      expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { exitCode: 137 } });
      expect(count()).toBeLessThanOrEqual(12);
    });
  });

  describe('stops an attempt by one script at a time', () => {
    test('the second says that the first is at work, and sends nothing', async () => {
      const attempt = await started(DEAF);
      const first = bench.scheduler.stop(attempt, WHY, signal);
      await until(() => marksOf(attempt.token).length === 1);
      const { scheduler, count } = counting();
      expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({
        kind: 'not_yet',
        reason: expect.stringContaining('another stop of it is at work') as string,
      });
      expect(count()).toBe(0);
      expect(await first).toMatchObject({ kind: 'gone' });
      expect(marksOf(attempt.token)).toEqual([]);
    });

    test('and one that was killed, or whose number is a stranger’s, holds nobody up', async () => {
      const attempt = await held();
      const stranger = spawn('sleep', ['100'], { stdio: 'ignore' });
      try {
        const cut = bench.sut.scheduler({
          transport: rewriting(bench.lab.transport, (command) =>
            command.replace('queue_withdraw\n', () => 'kill -s KILL $$\n'),
          ),
        });
        expect(await cut.stop(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
        expect(marksOf(attempt.token)).toHaveLength(1);
        const other = marksOf(attempt.token)[0]!.replace(/\.\d+\.\d+$/, `.${stranger.pid}.1`);
        writeFileSync(file(attempt.token, other), '');
        expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
        expect(marksOf(attempt.token)).toEqual([]);
      } finally {
        stranger.kill('SIGKILL');
      }
    });

    test('however many begin at once, until one of them has proven that it is gone', async () => {
      const attempt = await started(DEAF);
      const { scheduler, count } = counting();
      const outcomes = await Promise.all([1, 2, 3, 4].map(() => scheduler.stop(attempt, WHY, signal)));
      expect(count()).toBeLessThanOrEqual(28);
      await until(async () => (await bench.scheduler.stop(attempt, WHY, signal)).kind === 'gone');
      for (const outcome of outcomes) expect(['gone', 'not_yet']).toContain(outcome.kind);
    });
  });

  describe('a stop that is cut off is no outage', () => {
    test('whether we gave up or its time was over', async () => {
      const attempt = await started(DEAF);
      const over = new AbortController();
      const stopping = bench.scheduler.stop(attempt, WHY, over.signal);
      await until(() => marksOf(attempt.token).length === 1);
      over.abort();
      expect(await stopping).toMatchObject({ kind: 'not_yet' });
      const impatient = bench.sut.scheduler({
        transport: { run: (command, options) => bench.lab.transport.run(command, { ...options, timeoutMs: 1 }) },
      });
      expect(await impatient.stop(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
      // what was sent goes on by itself
      await until(async () => (await bench.scheduler.stop(attempt, WHY, signal)).kind === 'gone');
      kill(attempt.payload);
    });
  });

  const marksOf = (token: string): string[] =>
    readdirSync(bench.lab.directory(token)).filter((name) => name.startsWith('end.stop.'));
}
