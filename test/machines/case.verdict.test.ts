import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { LINGER_MS, RELEASES_AGAIN, UPLOAD_TRIES } from '../../machines/index.ts';
import type { CaseEvent, StopReason } from '../../machines/index.ts';
import type { Failure, FailureKind } from '../../src/domain/failure.ts';
import type { End, QueueResult } from '../../src/domain/job.ts';
import * as f from './case.fixture.ts';

const failureAfter = (...events: readonly CaseEvent[]): Failure | null => f.walk(events).context.failure;

/** How each reason to stop comes about. */
const STOPPED = {
  cancelled: [...f.ROUTES.executing, f.cancelled],
  limit: [...f.ROUTES.executing, f.sees('executing', f.LIMIT_MS)],
  missing: [...f.ROUTES.executing, f.missing(null)],
  lingering: [...f.ROUTES.executing, f.sees('lingering', LINGER_MS)],
} as const satisfies Record<StopReason['kind'], readonly CaseEvent[]>;

const ENDS = {
  'exit 0': f.EXIT_0,
  'exit 3': f.EXIT_3,
  signalled: f.SIGKILL,
  lost: f.LOST,
  'never claimed': null,
} as const satisfies Record<string, End | null>;

/** Why it was stopped, how it ended, and what the verdict is. */
const VERDICTS: Record<StopReason['kind'], Record<keyof typeof ENDS, FailureKind | 'success'>> = {
  cancelled: {
    'exit 0': 'success',
    'exit 3': 'cancelled',
    signalled: 'cancelled',
    lost: 'cancelled',
    'never claimed': 'cancelled',
  },
  limit: {
    'exit 0': 'success',
    'exit 3': 'timed_out',
    signalled: 'timed_out',
    lost: 'timed_out',
    'never claimed': 'timed_out',
  },
  missing: {
    'exit 0': 'success',
    'exit 3': 'job_failed',
    signalled: 'job_killed',
    lost: 'job_lost',
    'never claimed': 'job_not_started',
  },
  lingering: {
    'exit 0': 'success',
    'exit 3': 'job_failed',
    signalled: 'job_killed',
    lost: 'job_lost',
    'never claimed': 'job_not_started',
  },
};

describe.each(Object.entries(VERDICTS))('a job stopped by reason of `%s`', (reason, row) => {
  test.each(Object.entries(row))('that turns out %s gets the verdict: %s', (end, verdict) => {
    const route = STOPPED[reason as StopReason['kind']];
    expect(f.walk(route).context.stop?.kind).toBe(reason);
    expect(failureAfter(...route, f.gone(ENDS[end as keyof typeof ENDS]))?.kind ?? 'success').toBe(verdict);
  });
});

const KILLED: QueueResult = { kind: 'killed' };
const NOT_STARTED: QueueResult = { kind: 'not_started', reason: 'no such directory' };

test('a lost job that the queue says was killed there was killed, whether the look or the proof heard it', () => {
  expect(failureAfter(...STOPPED.missing, f.gone(f.LOST, KILLED))).toMatchObject({ kind: 'job_killed', signal: null });
  const heard = [...f.ROUTES.executing, f.missing(KILLED)];
  expect(failureAfter(...heard, f.gone(f.LOST))).toMatchObject({ kind: 'job_killed', signal: null });
  expect(failureAfter(...heard, f.gone(f.LOST, { kind: 'failed', exitCode: 1 }))?.kind).toBe('job_lost');
});

test('a receipt of the job wins over what the queue says of it', () => {
  expect(failureAfter(...STOPPED.missing, f.gone(f.EXIT_3, KILLED))).toMatchObject({ kind: 'job_failed', exitCode: 3 });
  expect(failureAfter(...STOPPED.missing, f.gone(f.EXIT_0, KILLED))).toBeNull();
  expect(failureAfter(...STOPPED.missing, f.gone(f.SIGKILL, KILLED))).toMatchObject({ signal: 'SIGKILL' });
});

test('a job that never started says why, when the queue knows', () => {
  const message = (...events: readonly CaseEvent[]): string | undefined => failureAfter(...events)?.message;
  expect(message(...STOPPED.missing, f.gone(null))).toBe('the job never started, and never can');
  expect(message(...STOPPED.missing, f.gone(null, NOT_STARTED))).toMatch(/never can: no such directory$/);
  expect(message(...f.ROUTES.queued, f.missing(NOT_STARTED), f.gone(null))).toMatch(/never can: no such directory$/);
});

test('a failure carries exactly the data of its kind', () => {
  expect(failureAfter(...STOPPED.cancelled, f.gone(f.LOST))).toEqual({
    kind: 'cancelled',
    by: 'ana',
    message: 'cancelled by ana: wrong beam',
    hint: 'mqi cases retry c7',
  });
  expect(failureAfter(...STOPPED.limit, f.gone(f.SIGKILL))).toEqual({
    kind: 'timed_out',
    observedMs: f.LIMIT_MS,
    message: 'the job was seen executing for longer than its limit of 30 s and was stopped',
    hint: 'mqi cases retry c7 --limit DURATION',
  });
  expect(failureAfter(...f.ROUTES.collecting, f.collectedInPart)).toEqual({
    kind: 'results_missing',
    globs: ['output/**'],
    message: 'the job exited 0 but wrote nothing that matches output/**',
    hint: 'mqi cases logs c7',
  });
});

test('the limit that a message names is the one that stopped the job: it cannot be extended any more', () => {
  const stopping = f.walk(STOPPED.limit);
  expect(stopping.can(f.limited(10 * f.LIMIT_MS))).toBe(false);
});

test('a refusal may name the next command itself', () => {
  expect(failureAfter(...f.ROUTES.creating, f.refused)?.hint).toBe('mqi doctor, then mqi cases retry c7');
  const adopt = { ...f.refused, hint: 'mqi cases adopt c7' };
  expect(failureAfter(...f.ROUTES.creating, adopt)?.hint).toBe('mqi cases adopt c7');
});

test('a case that is given up names its slot only if it held one', () => {
  expect(failureAfter(...f.ROUTES.staged, f.abandoned)).toMatchObject({
    message: 'given up by ben: the host was scrapped',
    hint: 'mqi cases retry c7',
  });
  expect(failureAfter(...f.ROUTES.executing, f.abandoned)).toMatchObject({
    message: 'given up by ben without proof that its job is gone: the host was scrapped',
    hint: 'when nothing of it runs any more: mqi slots clear gpu1/gpu0',
  });
  expect(failureAfter(...f.ROUTES.collecting, f.abandoned)).toMatchObject({
    kind: 'abandoned',
    message: 'given up by ben before its results were collected: the host was scrapped',
    hint: 'mqi cases retry c7',
  });
});

test('giving up the results of a job that failed keeps its verdict', () => {
  const exited3 = [...f.ROUTES.executing, f.ended(f.EXIT_3)];
  expect(failureAfter(...exited3, f.abandoned)).toMatchObject({ kind: 'job_failed', exitCode: 3 });
});

test('a cancel asked while the job is being submitted is carried out as soon as it is known to exist', () => {
  const asked = [...f.ROUTES.confirming, f.cancelled];
  expect(f.phaseOf(f.walk([...asked, f.created]))).toBe('stopping');
  expect(failureAfter(...asked, f.absent)).toMatchObject({ kind: 'cancelled', by: 'ana' });
  expect(failureAfter(...asked, f.restarted)?.kind).toBe('interrupted');
});

test('a case that lost sight of its host twice has been blind since the first time', () => {
  const blind = f.walk([
    ...f.ROUTES.queued,
    f.unreachable('link', f.HOST, 1_000),
    f.unreachable('queue', f.HOST, 9_000),
  ]);
  expect(blind.context.blind).toEqual({ cause: 'queue', sinceMs: 1_000, spell: 7 });
});

test('a job known by its claim alone is filled in once by a look that finds it', () => {
  const claimed = f.walk([...f.ROUTES.creating, f.createdByClaim, f.released]);
  const seen = f.step(claimed, { ...f.sees('executing'), job: f.JOB });
  expect(seen.context.job).toEqual(f.JOB);
  expect(f.step(seen, { ...f.sees('executing'), job: { id: '8', createdAt: null } }).context.job).toEqual(f.JOB);
});

test('an adopted case takes everything that names its job, and is followed from `queued`', () => {
  const { context, value } = f.walk([f.assigned, f.unreachable('link'), f.adopted]);
  expect(value).toEqual({ running: 'queued' });
  expect(context).toMatchObject({ host: 'gpu2', token: 'mqi-lab-c7-9-zz', slot: 'gpu3', job: f.JOB, blind: null });
});

test('an upload is tried as often as allowed, and the last failure says why', () => {
  const staging = f.walk([f.assigned, ...f.TRIES_USED_UP]);
  expect(staging.context.uploadTries).toBe(UPLOAD_TRIES - 1);
  expect(f.step(staging, f.uploadFailed).context.failure).toMatchObject({ message: 'tar: short write' });
});

test('a job that is stashed again and again is let go a bounded number of times, then waits with a name', () => {
  const tries = f.repeat(RELEASES_AGAIN, f.sees('held'), f.released);
  const stuck = f.walk([...f.ROUTES.queued, ...tries, f.sees('held')]);
  expect(f.phaseOf(stuck)).toBe('queued');
  expect(stuck.context.blocked).toMatch(/held in the queue again and again/);
  expect(f.step(stuck, f.sees('queued')).context.blocked).toBeNull();
});

test('a job that the queue forgot while it was seen executing is let go again, and keeps its clock', () => {
  const held = f.walk([...f.ROUTES.executing, f.sees('executing', f.LOOK_MS), f.sees('held')]);
  expect(f.phaseOf(held)).toBe('releasing');
  expect(held.context.observedMs).toBe(f.LOOK_MS);
});

test('over any days of looks and outages the clock is the sum of the unbroken looks at an executing job', () => {
  const sinceMs = fc.option(fc.integer({ min: -5_000, max: 100_000 }), { nil: null });
  const happening: fc.Arbitrary<CaseEvent> = fc.oneof(
    { weight: 4, arbitrary: sinceMs.map((ms) => f.sees('executing', ms)) },
    sinceMs.map((ms) => f.sees('suspended', ms)),
    sinceMs.map((ms) => f.sees('queued', ms)),
    sinceMs.map(f.unknown),
    fc.constantFrom(f.unreachable('link'), f.unreachable('queue'), f.reachable, f.blocked),
  );
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (events) => {
      let countedMs = 0;
      let blind = false;
      for (const event of events) {
        if (event.type === 'job.observed') {
          if (event.observation.kind === 'executing' && !blind) countedMs += Math.max(0, event.sinceMs ?? 0);
          blind = false;
        }
        if (event.type === 'host.unreachable') blind = true;
        if (event.type === 'host.reachable') blind = false;
      }
      const input = { ...f.INPUT, limitMs: Number.MAX_SAFE_INTEGER };
      const snapshot = f.walk([...f.ROUTES.executing, ...events], f.initial(input));
      expect(snapshot.context.observedMs).toBe(countedMs);
      expect(f.phaseOf(snapshot)).toBe('executing');
    }),
  );
});

test('above 128 an exit code may have been a signal: both readings are said, and the code stays a number', () => {
  const failed = (exitCode: number) =>
    failureAfter(...f.ROUTES.executing, f.ended({ kind: 'exited', exitCode }), f.collected);
  for (let code = 1; code <= 255; code += 1) expect(failed(code)).toMatchObject({ exitCode: code });
  expect(failed(3)?.message).toBe('the job exited with code 3');
  expect(failed(128)?.message).toBe('the job exited with code 128');
  expect(failed(137)).toMatchObject({
    kind: 'job_killed',
    signal: 'KILL',
    message: 'the job ended with exit code 137: ended by SIGKILL (out of memory, or a kill), or exited so',
  });
  expect(failed(153)?.message).toBe(
    'the job ended with exit code 153: ended by SIGXFSZ (file size limit), or exited so',
  );
  expect(failed(160)).toMatchObject({
    kind: 'job_failed',
    message: 'the job ended with exit code 160: ended by signal 32, or exited so',
  });
  expect(failed(192)?.message).toBe('the job ended with exit code 192: ended by signal 64, or exited so');
  expect(failed(193)?.message).toBe('the job exited with code 193');
  expect(failed(255)?.message).toBe('the job exited with code 255');
});
