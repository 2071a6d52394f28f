import type { CaseEvent } from '../../../machines/index.ts';
import type { Effect } from '../../domain/case.ts';
import type { Job } from '../../domain/job.ts';
import { assertNever } from '../../domain/assert-never.ts';
import { provenTokens, readAttempt } from '../../store/attempts.ts';
import type { CaseRow } from '../../store/cases.ts';
import type { Reader } from '../../store/database.ts';
import type { AttemptRef, Blind } from '../../scheduler/scheduler.ts';
import type { Progress } from '../../transport/transport.ts';
import type { FailPoint } from '../fail-point.ts';
import type { Host } from '../host/host.ts';

/** What a piece of work came to. Only `event` changes the case; the rest is tried again after a pause. */
export type EffectOutcome =
  | { readonly kind: 'event'; readonly event: CaseEvent }
  /** Something an operator mends, or a proof that is not there yet. */
  | { readonly kind: 'blocked'; readonly reason: string }
  | Blind;

export interface EffectContext {
  readonly row: CaseRow;
  readonly host: Host;
  readonly store: Reader;
  /** Where the results of all cases go, absolute. */
  readonly results: string;
  readonly failPoint: FailPoint;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Whether a case folder that is not there was deleted; false where its disk may merely not be mounted. */
  readonly isDeleted: (row: Pick<CaseRow, 'path' | 'createdAt'>) => Promise<boolean>;
}

const event = (value: CaseEvent): EffectOutcome => ({ kind: 'event', event: value });

/** Each piece of work starts from the committed row alone, so it can be started again at any time. */
export function perform(effect: Effect, context: EffectContext): Promise<EffectOutcome> {
  switch (effect) {
    case 'upload':
      return upload(context);
    case 'create':
      return create(context);
    case 'find':
      return find(context);
    case 'release':
      return release(context);
    case 'stop':
      return stop(context);
    case 'collect':
      return collect(context);
    default:
      return assertNever(effect);
  }
}

/** The token that a phase beyond `waiting` always has. */
function tokenOf(row: CaseRow): string {
  if (row.token === null) throw new Error(`case ${row.id} is ${row.phase} without a token`);
  return row.token;
}

function attemptOf(row: CaseRow): AttemptRef {
  const job: Job | null =
    row.jobId === null && row.jobCreatedAt === null ? null : { id: row.jobId, createdAt: row.jobCreatedAt };
  return { token: tokenOf(row), job };
}

async function upload({ row, host, signal, onProgress, isDeleted }: EffectContext): Promise<EffectOutcome> {
  const outcome = await host.transport.send({
    folder: row.path,
    fingerprint: row.fingerprint,
    root: host.root,
    token: tokenOf(row),
    stallMs: host.stallMs,
    onProgress,
    signal,
  });
  switch (outcome.kind) {
    case 'sent':
      return event({ type: 'upload.verified' });
    case 'changed':
      return event({ type: 'inputs.changed', message: outcome.message });
    case 'missing':
      return (await isDeleted(row))
        ? event({ type: 'inputs.changed', message: `the folder of the case was deleted: ${row.path}` })
        : { kind: 'blocked', reason: outcome.reason };
    case 'failed':
      return event({ type: 'upload.failed', message: outcome.message });
    case 'blocked':
      return outcome;
    case 'blind':
      return { kind: 'blind', cause: 'link', reason: outcome.reason };
    default:
      return assertNever(outcome);
  }
}

async function create({ row, host, store, failPoint, signal }: EffectContext): Promise<EffectOutcome> {
  const request = { spec: host.specOf(row), provenTokens: provenTokens(store.db, row.id) };
  const outcome = await host.scheduler.create(request, signal);
  if (failPoint('create.answer') === 'lost') return event({ type: 'job.unconfirmed', reason: 'the answer was lost' });
  switch (outcome.kind) {
    case 'created':
      return event({ type: 'job.created', job: outcome.job });
    case 'refused':
      return event({ type: 'job.refused', message: outcome.message, hint: outcome.hint });
    case 'unknown':
      return event({ type: 'job.unconfirmed', reason: outcome.reason });
    case 'blocked':
    case 'blind':
      return outcome;
    default:
      return assertNever(outcome);
  }
}

async function find({ row, host, signal }: EffectContext): Promise<EffectOutcome> {
  const outcome = await host.scheduler.find(tokenOf(row), signal);
  switch (outcome.kind) {
    case 'found':
      return event({ type: 'job.created', job: outcome.job });
    case 'absent':
      return event({
        type: 'job.absent',
        message: 'the answer of the host was lost, and no job of this attempt is there',
      });
    case 'not_yet':
      return { kind: 'blocked', reason: outcome.reason };
    case 'blind':
      return outcome;
    default:
      return assertNever(outcome);
  }
}

async function release({ row, host, failPoint, signal }: EffectContext): Promise<EffectOutcome> {
  const outcome = await host.scheduler.release(attemptOf(row), signal);
  if (failPoint('release.answer') === 'lost') return { kind: 'blind', cause: 'link', reason: 'the answer was lost' };
  switch (outcome.kind) {
    case 'released':
      return event({ type: 'job.released' });
    case 'missing':
      return event({ type: 'job.observed', observation: { kind: 'missing', queue: null }, sinceMs: null });
    case 'blocked':
    case 'blind':
      return outcome;
    default:
      return assertNever(outcome);
  }
}

async function stop({ row, host, store, signal }: EffectContext): Promise<EffectOutcome> {
  const claim = readAttempt(store.db, tokenOf(row))?.claim ?? null;
  const outcome = await host.scheduler.stop({ ...attemptOf(row), claim }, { who: 'daemon', why: 'stop' }, signal);
  switch (outcome.kind) {
    case 'gone':
      return event({ type: 'job.gone', end: outcome.end, queue: outcome.queue });
    case 'not_yet':
      return { kind: 'blocked', reason: outcome.reason };
    case 'blind':
      return outcome;
    default:
      return assertNever(outcome);
  }
}

async function collect({ row, host, results, signal, onProgress }: EffectContext): Promise<EffectOutcome> {
  const outcome = await host.transport.fetch({
    root: host.root,
    token: tokenOf(row),
    globs: host.collect,
    mustBeWhole: row.failure === null,
    results,
    target: resultsTarget(row.name, row.attempt),
    stallMs: host.stallMs,
    onProgress,
    signal,
  });
  switch (outcome.kind) {
    case 'fetched':
      return event({ type: 'results.collected', missingGlobs: row.failure === null ? outcome.missingGlobs : [] });
    case 'blocked':
      return outcome;
    case 'blind':
      return { kind: 'blind', cause: 'link', reason: outcome.reason };
    default:
      return assertNever(outcome);
  }
}

/** Where the results of an attempt lie below the results folder. */
export function resultsTarget(name: string, attempt: number): string {
  return `${name}/attempt-${attempt}`;
}
