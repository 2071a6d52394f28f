import { parseToken } from '../../domain/attempt.ts';
import { isFinal } from '../../domain/case.ts';
import type { End } from '../../domain/job.ts';
import { readCase } from '../../store/cases.ts';
import type { ReadDb } from '../../store/database.ts';

/**
 * Did this job come to an end of its own that its case never heard of? So it is when the case was abandoned, or
 * interrupted, while the job could still run: what it has computed lies on the host, and nobody came for it. Once the case
 * was retried the operator has chosen; a job that was killed with all its processes, or a reboot, left nothing to have.
 */
export function isLeftBehind(db: ReadDb, token: string, end: End | null): boolean {
  if (end === null || end.kind === 'lost') return false;
  const parts = parseToken(token);
  const owner = parts === null ? null : readCase(db, parts.caseId);
  return owner !== null && owner.attempt === parts!.attempt && isFinal(owner.state);
}

/** The evidence of an orphan of which nothing runs any more. */
export function endedEvidence(end: End | null): string {
  return `its job has ended${how(end)}, and nothing of it runs`;
}

function how(end: End | null): string {
  switch (end?.kind) {
    case 'exited':
      return ` with exit code ${end.exitCode}`;
    case 'signalled':
      return ` by signal ${end.signal}`;
    default:
      return '';
  }
}
