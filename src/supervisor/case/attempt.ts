import type { CaseContext, CaseEvent } from '../../../machines/index.ts';
import type { Proof } from '../../domain/attempt.ts';
import type { Phase } from '../../domain/case.ts';
import type { End } from '../../domain/job.ts';
import { insertAttempt, readAttempt, recordProof, updateAttempt } from '../../store/attempts.ts';
import type { CaseRow } from '../../store/cases.ts';
import type { Tx } from '../../store/database.ts';
import { endedEvidence, isLeftBehind } from './left-behind.ts';

/** What an event says of the attempt's row: written in the same transaction as the case. */
export function commitAttempt(tx: Tx, row: CaseRow, event: CaseEvent, after: CaseContext, to: Phase, at: number): void {
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
    updateAttempt(tx, event.token, { orphan: null, endedAt: null, failure: null, limitMs: after.limitMs, ...alive });
    return;
  }
  const token = row.token;
  if (token === null) return;
  if (event.type === 'slot.leased') updateAttempt(tx, token, { slot: event.slot });
  const { job } = after;
  if (job !== null && (job.id !== row.jobId || job.createdAt !== row.jobCreatedAt))
    updateAttempt(tx, token, { jobId: job.id, jobCreatedAt: job.createdAt });
  if (event.type === 'operator.limited') updateAttempt(tx, token, { limitMs: event.limitMs });
  const end = endOf(event);
  if (end !== null) updateAttempt(tx, token, { end });
  if (to === 'completed' || to === 'failed') updateAttempt(tx, token, { endedAt: at, failure: after.failure });
  const proof = proofOf(row.phase, event, to);
  if (proof !== null) recordProof(tx, token, proof, at);
  if (event.type === 'operator.abandoned') noteLeftBehind(tx, token);
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

/** Which proof an event brings that no job of the attempt can run any more. A restart or an abandonment brings none. */
function proofOf(from: Phase, event: CaseEvent, to: Phase): Proof | null {
  switch (event.type) {
    case 'job.refused':
    case 'job.absent':
      return 'revoked';
    case 'job.gone':
      return event.end === null ? 'revoked' : 'gone';
    case 'job.observed':
      return event.observation.kind === 'ended' ? 'gone' : null;
    default:
      return to === 'failed' && (from === 'waiting' || from === 'staging' || from === 'staged')
        ? 'never_created'
        : null;
  }
}
