import { LINGER_MS } from '../../../machines/index.ts';
import { SLOT_HOLDING_PHASES } from '../../../src/domain/case.ts';
import type { Failure } from '../../../src/domain/failure.ts';
import type { JobRecord } from '../witness.ts';
import { changed, describe } from './case-facts.ts';
import type { Commit } from './case-facts.ts';
import type { CaseLine } from './book.ts';

/** Promise 3: a verdict and a freed slot need proof, and the clock shows only what was seen. */
export function checkVerdicts(commit: Commit): void {
  const { witness, accuse, abilities } = commit;
  for (const [before, after] of changed(commit)) {
    if (before?.phase === 'waiting' && SLOT_HOLDING_PHASES.has(after.phase)) witness.touched(after.token!);
    if (before?.token == null || before.token !== after.token) continue;
    const record = witness.of(before.token);
    if (after.observedMs > before.observedMs) {
      if (before.blindCause !== null) accuse(3, `the clock of ${describe(after)} grew over a blind spell`);
      // columns are rounded
      if (after.observedMs > record.seenMs + 1) {
        accuse(
          3,
          `the clock of ${describe(after)} shows ${after.observedMs} ms, and ${Math.round(record.seenMs)} were seen`,
        );
      }
    }
    if (SLOT_HOLDING_PHASES.has(before.phase) && !SLOT_HOLDING_PHASES.has(after.phase) && !isWithoutProof(after)) {
      const left = abilities.find((ability) => ability.token === before.token);
      if (left !== undefined)
        accuse(3, `${describe(after)} left its slot while its job ${left.kind === 'runs' ? 'runs' : 'is able to run'}`);
    }
    if (after.stop === 'lingering' && before.stop === null) checkLingering(commit, after, record);
    if (after.state === 'failed' && before.state !== 'failed') checkFailure(commit, after, record);
  }
}

/** What outlives its job has its time to come to an end by itself. */
function checkLingering({ accuse, nowMs }: Commit, line: CaseLine, { endedAtMs }: JobRecord): void {
  const lingeredMs = endedAtMs === null ? 0 : nowMs - endedAtMs;
  if (lingeredMs < LINGER_MS) accuse(3, `${describe(line)} is stopped ${Math.round(lingeredMs)} ms after its end`);
}

/** The two ways out that claim none: the restart (the barrier follows), and the operator's. */
function isWithoutProof(line: CaseLine): boolean {
  return line.failureKind === 'interrupted' || line.failureKind === 'abandoned';
}

/** Does the verdict say what really happened? */
function checkFailure({ accuse, hasForgotten }: Commit, line: CaseLine, record: JobRecord): void {
  const wrong = (because: string): void =>
    accuse(3, `${describe(line)} failed as ${line.failureKind ?? 'nothing'}, but ${because}`);
  const disturbed = record.hostLost || record.operatorTouched;
  const failure = JSON.parse(line.failure!) as Failure;
  switch (failure.kind) {
    case 'upload_failed':
    case 'inputs_changed':
    case 'submission_refused':
    case 'submission_failed':
    case 'job_not_started':
      // a database that was set back does not know what it had started
      if (record.starts > 0 && !hasForgotten) wrong('its job was started');
      if (failure.kind === 'job_not_started' && !disturbed && !hasForgotten) wrong('nobody had touched its job');
      break;
    case 'job_failed':
      if (record.end?.kind !== 'exited' || record.end.exitCode !== failure.exitCode)
        wrong(`it ended otherwise: ${ended(record)}`);
      break;
    case 'job_killed':
      if (record.end?.kind !== 'signalled' && !disturbed && !record.wrapperKilled && !record.endUnread)
        wrong(`it ended otherwise: ${ended(record)}`);
      break;
    case 'job_lost':
      if (!disturbed && !record.wrapperKilled && !record.endUnread) wrong(`it ended otherwise: ${ended(record)}`);
      break;
    case 'timed_out':
      if (line.observedMs < line.limitMs) wrong('its limit was not reached');
      break;
    case 'results_missing':
      if (record.end?.kind !== 'exited' || record.end.exitCode !== 0) wrong(`it ended otherwise: ${ended(record)}`);
      break;
    case 'interrupted':
    case 'cancelled':
    case 'abandoned':
      break;
  }
}

function ended(record: JobRecord): string {
  return `${JSON.stringify(record.end)} by ${record.endedBy ?? 'nobody'}`;
}
