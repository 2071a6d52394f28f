import type { Node } from '../domain/job.ts';
import { excerpt, viewOf, whereIs } from './judge.ts';
import type { Facts } from './scheduler.ts';

export type Proof =
  | { readonly kind: 'gone' }
  /** Gone, and its job wrote nothing: `lost` is to be linked as its end, if nobody was first. */
  | { readonly kind: 'gone_silent' }
  | { readonly kind: 'not_yet'; readonly reason: string };

/**
 * Is the job proven gone? Only for facts that were read *after* the attempt was revoked, taken out of the queue and
 * its processes were ended: a scan before the revocation proves nothing.
 */
export function prove(facts: Facts, node: Node, terminalIsProof: boolean): Proof {
  const { claim, end, processes, queue } = facts;
  if (processes.length > 0)
    return notYet(`${count(processes)} of it cannot be ended: ${processes.slice(0, 5).join(' ')}`);
  if (facts.unreadable !== null) return notYet(facts.unreadable);
  if (facts.directory === 'absent' || facts.manifest === 'absent') {
    // nothing here can be claimed: without its manifest job.sh runs nothing. A job that claimed before the purge would
    // have shown a process; the queue must not have it either
    return queue.kind === 'absent' || queue.kind === 'ended'
      ? { kind: 'gone' }
      : notYet('its directory was purged, and the queue still has its job');
  }
  if (claim.kind === 'absent') return notYet(UNCLAIMABLE);
  if (claim.kind === 'garbled') {
    return notYet(unreadableClaim(claim.text));
  }
  if (claim.value.by === 'revocation') return { kind: 'gone' };
  const terminal = terminalIsProof && queue.kind === 'ended';
  if (viewOf(claim.value, node) === 'elsewhere' && !terminal) {
    return notYet(`it was started on ${whereIs(claim.value)}, which cannot be seen from ${node.name}`);
  }
  return { kind: end.kind === 'absent' ? 'gone_silent' : 'gone' };
}

/** Why an attempt cannot be revoked. */
export const UNCLAIMABLE = 'its claim cannot be written on the host (disk full, or its directory not writable?)';

export function unreadableClaim(text: string): string {
  return `its claim cannot be read (${excerpt(text)}), so nobody knows who holds it; look at it on the host`;
}

function count(processes: readonly number[]): string {
  return processes.length === 1 ? '1 process' : `${processes.length} processes`;
}

function notYet(reason: string): Proof {
  return { kind: 'not_yet', reason };
}
