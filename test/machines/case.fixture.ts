import { initialTransition, transition } from 'xstate';
import type { SnapshotFrom } from 'xstate';

import { UPLOAD_TRIES, caseMachine } from '../../machines/index.ts';
import type { CaseEvent, CaseInput } from '../../machines/index.ts';
import type { Phase } from '../../src/domain/case.ts';
import type { End, QueueResult } from '../../src/domain/job.ts';
import type { BlindCause, Observation } from '../../src/domain/observation.ts';

export type CaseSnapshot = SnapshotFrom<typeof caseMachine>;

export const HOST = 'gpu1';
export const TOKEN = 'mqi-lab-c7-1-k2f4';
export const JOB = { id: '7', createdAt: '2026-03-01T10:00:00Z' } as const;
/** Known by its claim alone. */
export const CLAIMED = { id: null, createdAt: null } as const;
/** One look after another, milliseconds: two of them reach both `LIMIT_MS` and `LINGER_MS`. */
export const LOOK_MS = 15_000;
export const LIMIT_MS = 30_000;
export const INPUT: CaseInput = { caseId: 'c7', attempt: 1, limitMs: LIMIT_MS };

export const assigned = { type: 'host.assigned', host: HOST, token: TOKEN } as const;
export const verified = { type: 'upload.verified' } as const;
export const uploadFailed = { type: 'upload.failed', message: 'tar: short write' } as const;
export const inputsChanged = { type: 'inputs.changed', message: 'beam.json grew while it was packed' } as const;
export const leased = { type: 'slot.leased', slot: 'gpu0' } as const;
export const created = { type: 'job.created', job: JOB } as const;
export const createdByClaim = { type: 'job.created', job: CLAIMED } as const;
export const refused = { type: 'job.refused', message: 'no such group: gpu0', hint: null } as const;
export const unconfirmed = { type: 'job.unconfirmed', reason: 'the answer was lost' } as const;
export const absent = { type: 'job.absent', message: 'neither queued nor claimed; revoked' } as const;
export const released = { type: 'job.released' } as const;
export const adopted = {
  type: 'job.adopted',
  host: 'gpu2',
  token: 'mqi-lab-c7-9-zz',
  slot: 'gpu3',
  job: JOB,
  end: null,
} as const;
export const adoptedEnded = (end: End): CaseEvent => ({ ...adopted, end });
export const restarted = { type: 'daemon.restarted' } as const;
export const reachable = { type: 'host.reachable', host: HOST } as const;
export const blocked = { type: 'work.blocked', reason: 'the results disk is full' } as const;
export const cancelled = { type: 'operator.cancelled', by: 'ana', why: 'wrong beam' } as const;
export const abandoned = { type: 'operator.abandoned', by: 'ben', why: 'the host was scrapped' } as const;
export const paused = { type: 'operator.paused', by: 'ana' } as const;
export const resumed = { type: 'operator.resumed', by: 'ana' } as const;
export const collected = { type: 'results.collected', missingGlobs: [] } as const;
export const collectedInPart = { type: 'results.collected', missingGlobs: ['output/**'] } as const;

export const limited = (limitMs: number) => ({ type: 'operator.limited', limitMs }) as const;
export const unreachable = (cause: BlindCause, host = HOST, atMs = 1_000, spell: number | null = 7) =>
  ({ type: 'host.unreachable', host, cause, atMs, spell }) as const;
export const gone = (end: End | null, queue: QueueResult | null = null) => ({ type: 'job.gone', end, queue }) as const;
export const observed = (observation: Observation, sinceMs: number | null = null) =>
  ({ type: 'job.observed', observation, sinceMs }) as const;
/** The kinds of observation that carry nothing else. */
export const sees = (
  kind: 'held' | 'queued' | 'suspended' | 'executing' | 'lingering',
  sinceMs: number | null = null,
) => observed({ kind }, sinceMs);
export const ended = (end: End, sinceMs: number | null = null) => observed({ kind: 'ended', end }, sinceMs);
export const missing = (queue: QueueResult | null, sinceMs: number | null = null) =>
  observed({ kind: 'missing', queue }, sinceMs);
export const unknown = (sinceMs: number | null = null) => observed({ kind: 'unknown', reason: 'no word' }, sinceMs);

export const EXIT_0 = { kind: 'exited', exitCode: 0 } as const;
export const EXIT_3 = { kind: 'exited', exitCode: 3 } as const;
export const SIGKILL = { kind: 'signalled', signal: 'SIGKILL' } as const;
export const LOST = { kind: 'lost' } as const;

const staged: readonly CaseEvent[] = [assigned, verified];
const running: readonly CaseEvent[] = [...staged, leased, created];
const executing: readonly CaseEvent[] = [...running, released, sees('executing')];

/** The plainest way into each phase, from a new attempt. */
export const ROUTES: Readonly<Record<Phase, readonly CaseEvent[]>> = {
  waiting: [],
  staging: [assigned],
  staged,
  creating: [...staged, leased],
  confirming: [...staged, leased, unconfirmed],
  releasing: running,
  queued: [...running, released],
  executing,
  stopping: [...executing, missing(null)],
  collecting: [...executing, ended(EXIT_0)],
  completed: [...executing, ended(EXIT_0), collected],
  failed: [...executing, ended(EXIT_3), collected],
};

export const repeat = (times: number, ...events: readonly CaseEvent[]): readonly CaseEvent[] =>
  Array.from({ length: times }, () => events).flat();
/** After these in `staging` the next failed upload is the last. */
export const TRIES_USED_UP = repeat(UPLOAD_TRIES - 1, uploadFailed);

export function initial(input: CaseInput = INPUT): CaseSnapshot {
  return initialTransition(caseMachine, input)[0];
}

export function step(snapshot: CaseSnapshot, event: CaseEvent): CaseSnapshot {
  return transition(caseMachine, snapshot, event)[0];
}

export function walk(events: readonly CaseEvent[], from: CaseSnapshot = initial()): CaseSnapshot {
  return events.reduce(step, from);
}

/** The innermost state. */
export function phaseOf(snapshot: CaseSnapshot): Phase {
  const { value } = snapshot;
  return typeof value === 'string' ? value : (Object.values(value)[0] as Phase);
}
