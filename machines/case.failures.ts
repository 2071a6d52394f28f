import type { Failure } from '../src/domain/failure.ts';
import type { End, QueueResult } from '../src/domain/job.ts';
import type { CaseContext } from './case.context.ts';

const retry = (context: CaseContext): string => `mqi cases retry ${context.caseId}`;
const logs = (context: CaseContext): string => `mqi cases logs ${context.caseId}`;

export function interrupted(context: CaseContext): Failure {
  return {
    kind: 'interrupted',
    message: 'the daemon stopped while its job was being submitted; nothing is submitted again by itself',
    hint: retry(context),
  };
}

export function uploadFailed(context: CaseContext, message: string): Failure {
  return { kind: 'upload_failed', message, hint: `mqi doctor, then ${retry(context)}` };
}

export function inputsChanged(context: CaseContext, message: string): Failure {
  return { kind: 'inputs_changed', message, hint: `when the folder is complete: ${retry(context)}` };
}

export function submissionRefused(context: CaseContext, message: string, hint: string | null): Failure {
  return { kind: 'submission_refused', message, hint: hint ?? `mqi doctor, then ${retry(context)}` };
}

export function submissionFailed(context: CaseContext, message: string): Failure {
  return { kind: 'submission_failed', message, hint: retry(context) };
}

export function cancelled(context: CaseContext, by: string, why: string): Failure {
  return { kind: 'cancelled', by, message: `cancelled by ${by}: ${why}`, hint: retry(context) };
}

/** Without proof: the slot, where it had one, is quarantined. */
export function abandoned(context: CaseContext, by: string, why: string): Failure {
  return context.slot === null
    ? { kind: 'abandoned', by, message: `given up by ${by}: ${why}`, hint: retry(context) }
    : {
        kind: 'abandoned',
        by,
        message: `given up by ${by} without proof that its job is gone: ${why}`,
        hint: `when nothing of it runs any more: mqi slots clear ${context.host}/${context.slot}`,
      };
}

/** The job ended well and its slot is free; only its results are given up. */
export function uncollected(context: CaseContext, by: string, why: string): Failure {
  return {
    kind: 'abandoned',
    by,
    message: `given up by ${by} before its results were collected: ${why}`,
    hint: retry(context),
  };
}

export function resultsMissing(context: CaseContext, globs: readonly string[]): Failure {
  return {
    kind: 'results_missing',
    globs,
    message: `the job exited 0 but wrote nothing that matches ${globs.join(', ')}`,
    hint: logs(context),
  };
}

function timedOut(context: CaseContext): Failure {
  return {
    kind: 'timed_out',
    observedMs: context.observedMs,
    message: `the job was seen executing for longer than its limit of ${context.limitMs / 1000} s and was stopped`,
    hint: `mqi cases retry ${context.caseId} --limit DURATION`,
  };
}

/**
 * The signals of Linux by number, as on x86 and ARM. The real-time ones have no names: shells differ in what they call
 * them.
 */
const SIGNALS: Readonly<Record<number, string>> = Object.fromEntries(
  (
    'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG ' +
    'XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
  )
    .split(' ')
    .map((name, index) => [index + 1, name]),
);

/** The highest signal of Linux. */
const MOST_SIGNALS = 64;

/** A shell's `$?` above 128 is a signal or an exit code, and nobody can tell which: so both are said. */
function failedBy(context: CaseContext, exitCode: number): Failure {
  const number = exitCode - 128;
  if (number < 1 || number > MOST_SIGNALS) {
    return { kind: 'job_failed', exitCode, message: `the job exited with code ${exitCode}`, hint: logs(context) };
  }
  const signal = SIGNALS[number];
  if (signal === undefined) {
    const message = `the job ended with exit code ${exitCode}: ended by signal ${number}, or exited so`;
    return { kind: 'job_failed', exitCode, message, hint: logs(context) };
  }
  const cause = signal === 'KILL' ? ' (out of memory, or a kill)' : signal === 'XFSZ' ? ' (file size limit)' : '';
  return {
    kind: 'job_killed',
    signal,
    exitCode,
    message: `the job ended with exit code ${exitCode}: ended by SIG${signal}${cause}, or exited so`,
    hint: `${logs(context)}, then ${retry(context)}`,
  };
}

/** The verdict of a job that ended by itself; null is success. */
export function verdictOf(context: CaseContext, end: End): Failure | null {
  switch (end.kind) {
    case 'exited':
      return end.exitCode === 0 ? null : failedBy(context, end.exitCode);
    case 'signalled':
      return {
        kind: 'job_killed',
        signal: end.signal,
        exitCode: null,
        message: `the job was ended by signal ${end.signal} (out of memory, or somebody's kill)`,
        hint: `${logs(context)}, then ${retry(context)}`,
      };
    case 'lost':
      return {
        kind: 'job_lost',
        message: 'the processes of the job are gone and left no receipt (host rebooted, or everything was killed)',
        hint: `mqi doctor, then ${retry(context)}`,
      };
  }
}

function killedInQueue(context: CaseContext): Failure {
  return {
    kind: 'job_killed',
    signal: null,
    exitCode: null,
    message: 'the queue says that the job was killed there, and none of its processes is left',
    hint: retry(context),
  };
}

function notStarted(context: CaseContext, queue: QueueResult | null): Failure {
  const because = queue?.kind === 'not_started' ? `: ${queue.reason}` : '';
  return {
    kind: 'job_not_started',
    message: `the job never started, and never can${because}`,
    hint: `mqi doctor, then ${retry(context)}`,
  };
}

/**
 * The verdict of a job that we stopped and that is proven gone. A receipt of exit 0 wins over the reason to stop, and
 * so does any other end that the job wrote before a mere *missing* or *lingering*.
 */
export function verdictOfStopped(context: CaseContext, end: End | null, queue: QueueResult | null): Failure | null {
  if (end?.kind === 'exited' && end.exitCode === 0) return null;
  switch (context.stop?.kind) {
    case 'cancelled':
      return cancelled(context, context.stop.by, context.stop.why);
    case 'limit':
      return timedOut(context);
    default: {
      const said = queue ?? (context.stop?.kind === 'missing' ? context.stop.queue : null);
      if (end === null) return notStarted(context, said);
      if (end.kind === 'lost' && said?.kind === 'killed') return killedInQueue(context);
      return verdictOf(context, end);
    }
  }
}
