import type { CaseContext, CaseEvent } from '../../../machines/index.ts';
import type { Phase } from '../../domain/case.ts';
import type { End } from '../../domain/job.ts';
import { insertAttempt, readAttempt, recordProof, updateAttempt } from '../../store/attempts.ts';
import type { CaseRow } from '../../store/cases.ts';
import type { Tx } from '../../store/database.ts';
import type { Said } from './said.ts';
import { endedEvidence, isLeftBehind } from './left-behind.ts';

/** What an event says of the attempt's row: written in the same transaction as the case. */
export function commitAttempt(
  tx: Tx,
  row: CaseRow,
  event: CaseEvent,
  after: CaseContext,
  to: Phase,
  said: Said,
  at: number,
): void {
  if (event.type === 'host.assigned') {
    insertAttempt(tx, {
      token: event.token,
      caseId: row.id,
      number: after.attempt,
      host: event.host,
      limitMs: after.limitMs,
      createdAt: at,
    });
    return;
  }
  if (event.type === 'job.adopted') {
    const alive = event.end === null ? { proof: null, proofAt: null } : {};
    updateAttempt(tx, event.token, {
      orphan: null,
      endedAt: null,
      keptFromMs: null,
      failure: null,
      limitMs: after.limitMs,
      ...alive,
    });
    return;
  }
  const token = row.token;
  if (token === null) return;
  if (after.slot !== row.slot) updateAttempt(tx, token, { slot: after.slot });
  const { job } = after;
  if (job !== null && (job.id !== row.jobId || job.createdAt !== row.jobCreatedAt))
    updateAttempt(tx, token, { jobId: job.id, jobCreatedAt: job.createdAt });
  if (after.limitMs !== row.limitMs) updateAttempt(tx, token, { limitMs: after.limitMs });
  const end = endOf(event);
  if (end !== null) updateAttempt(tx, token, { end });
  if (to === 'completed' || to === 'failed') updateAttempt(tx, token, { endedAt: at, failure: after.failure });
  if (said.proof !== null) recordProof(tx, token, said.proof, at);
  if (said.leaveResults) noteLeftBehind(tx, token);
}

/** Given up while its results travelled: they lie on the host still, and can be had by an adoption. */
function noteLeftBehind(tx: Tx, token: string): void {
  const attempt = readAttempt(tx, token);
  if (attempt?.proof !== 'gone' || !isLeftBehind(tx, token, attempt.end)) return;
  updateAttempt(tx, token, { orphan: endedEvidence(attempt.end) });
}

function endOf(event: CaseEvent): End | null {
  if (event.type === 'job.gone') return event.end;
  return event.type === 'job.observed' && event.observation.kind === 'ended' ? event.observation.end : null;
}
