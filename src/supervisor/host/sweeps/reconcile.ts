import { isMereWord, parseToken } from '../../../domain/attempt.ts';
import { isFinal } from '../../../domain/case.ts';
import type { Clock } from '../../../domain/clock.ts';
import type { Troubles } from '../../../domain/trouble.ts';
import type { End } from '../../../domain/job.ts';
import { isAtWork, judge } from '../../../scheduler/judge.ts';
import type { AttemptRef, Blind, Facts, Look } from '../../../scheduler/scheduler.ts';
import { insertAttempt, readAttempt, recordProof, unprovenAttempts, updateAttempt } from '../../../store/attempts.ts';
import type { AttemptRow } from '../../../store/attempts.ts';
import { readCase } from '../../../store/cases.ts';
import type { CaseRow } from '../../../store/cases.ts';
import type { ReadDb, Store } from '../../../store/database.ts';
import { clearSlotsOfToken, orphanReason, quarantineSlot } from '../../../store/slots.ts';
import { startAttempt } from '../../case/admit.ts';
import type { CaseChange } from '../../case/commit.ts';
import type { Host } from '../host.ts';
import { endedEvidence, isLeftBehind } from '../../case/left-behind.ts';
import type { Log } from '../../log.ts';

/** What one sweep came to. `judged` lifts the barrier: every attempt on the host was judged. */
export type Reconciled =
  | {
      readonly kind: 'judged';
      /** Jobs there that are nobody's. */
      readonly orphans: number;
      /** What lies staged there. */
      readonly staging: readonly string[];
    }
  | Blind;

const WHO = { who: 'daemon', why: 'its attempt is over' } as const;

interface Deps {
  readonly host: Host;
  readonly store: Store;
  readonly announce: (change: CaseChange) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly troubles: Troubles;
  readonly signal: AbortSignal;
}

/**
 * Compares what a host has with what the store knows, and settles the differences: dead attempts are revoked, those
 * that their job claimed first are orphans, and quarantine their slot. It judges every attempt on the host that carries
 * our name, not only those that the database knows: a database restored from a backup does not know what it did. It goes
 * attempt by attempt: one that is odd is recorded and keeps what it holds, and the next one is judged.
 */
export async function reconcile(deps: Deps): Promise<Reconciled> {
  const { host, store, signal } = deps;
  const listed = await host.scheduler.list(signal);
  if (listed.kind === 'blind') return listed;

  const known = unprovenAttempts(store.db, host.name).map((row) => row.token);
  const tokens = [...new Set([...listed.attempts.map((attempt) => attempt.token), ...known])];
  const waiting = new Map(
    tokens.flatMap((token) => waitingOwner(store.db, token) ?? []).map((row) => [row.token!, row]),
  );
  const judged = tokens.filter((token) => isDead(deps, token) || waiting.has(token));

  const look = await host.scheduler.look(judged, signal);
  if (look.kind === 'blind') return look;
  let orphans = 0;
  for (const facts of look.facts) {
    if (waiting.has(facts.token) && isSubmitted(facts)) forget(deps, facts);
    // adopted meanwhile, perhaps
    if (!isDead(deps, facts.token)) continue;
    const verdict = await judgeDead(host, facts, look, readAttempt(store.db, facts.token), signal);
    if (verdict.kind === 'blind') return verdict;
    if (!isDead(deps, facts.token)) continue;
    if (verdict.kind !== 'proven' && isVouchedFor(deps, facts, look)) continue;
    record(deps, facts, verdict);
    tell(deps, facts.token, verdict);
    if (verdict.kind !== 'proven') orphans += 1;
  }
  return { kind: 'judged', orphans, staging: listed.staging };
}

/** No live case owns it, and nobody has seen yet that nothing of it can run: our own word, or an operator's, is no sight. */
function isDead({ store }: Deps, token: string): boolean {
  const proof = readAttempt(store.db, token)?.proof ?? null;
  return (proof === null || isMereWord(proof)) && ownerOf(store.db, token) === null;
}

/** An operator said that nothing of it runs: against unclear evidence that counts, against a job at work it does not. */
function isVouchedFor({ store }: Deps, facts: Facts, look: Look): boolean {
  return readAttempt(store.db, facts.token)?.proof === 'operator' && !isAtWork(facts, look.node);
}

/** The live case whose attempt it is; one that was set aside keeps its job as well. */
function ownerOf(db: ReadDb, token: string): CaseRow | null {
  const row = readCase(db, parseToken(token)?.caseId ?? '');
  return row?.token === token && !isFinal(row.state) ? row : null;
}

/** The case that lies staged, or travels, under this token: as far as its database knows there is no job of it. */
function waitingOwner(db: ReadDb, token: string): CaseRow | null {
  const row = ownerOf(db, token);
  return row?.state === 'submitted' && row.setAside === null ? row : null;
}

/** Did its job come to exist? That somebody revoked it is no sign of one. */
function isSubmitted({ queue, claim, end }: Facts): boolean {
  const isRevoked = claim.kind === 'present' && claim.value.by === 'revocation';
  return queue.kind !== 'absent' || end.kind !== 'absent' || (claim.kind !== 'absent' && !isRevoked);
}

/**
 * A case that waits for its slot, and whose job exists: its database was restored from a backup of before. On another
 * slot the job would run beside whoever holds its own: so the case begins anew, and what was found holds it back.
 */
function forget({ store, announce, clock, log }: Deps, { token }: Facts): void {
  // it may have been submitted while we looked
  const owner = waitingOwner(store.db, token);
  if (owner === null) return;
  const why = `the database had forgotten that ${token} was submitted`;
  announce(
    store.write((tx) => {
      // with the new attempt: after a crash before the verdict nothing else would tell it from one that merely is over
      updateAttempt(tx, token, { orphan: why });
      return startAttempt(
        tx,
        readCase(tx, owner.id)!,
        { found: null, limitMs: owner.limitMs, by: 'daemon', why, type: 'attempt.forgotten' },
        clock.now(),
      );
    }),
  );
  log.warn({ caseId: owner.id, token }, `${owner.name}: ${why}`);
}

type Verdict =
  /** `end` is null when its job never ran. */
  | { readonly kind: 'proven'; readonly proof: 'revoked' | 'gone'; readonly end: End | null }
  /** Something of it runs, or may. */
  | { readonly kind: 'alive'; readonly evidence: string }
  /** Nobody can tell: it holds what it holds until somebody can. */
  | { readonly kind: 'unclear'; readonly evidence: string }
  | Blind;

/** What a look says of an attempt that no live case owns, and what can be done about it. */
async function judgeDead(
  host: Host,
  facts: Facts,
  look: Look,
  row: AttemptRow | null,
  signal: AbortSignal,
): Promise<Verdict> {
  const attempt: AttemptRef = { token: facts.token, job: facts.job ?? jobOf(row) };
  if (facts.unreadable !== null) return { kind: 'unclear', evidence: facts.unreadable };
  if (facts.claim.kind === 'garbled')
    return { kind: 'unclear', evidence: `its claim cannot be read: ${facts.claim.text.slice(0, 80)}` };
  if (facts.claim.kind === 'absent' && facts.directory === 'present') {
    const outcome = await host.scheduler.revoke(attempt, WHO, signal);
    if (outcome.kind === 'revoked') return { kind: 'proven', proof: 'revoked', end: null };
    if (outcome.kind === 'not_yet') return { kind: 'unclear', evidence: outcome.reason };
    return outcome.kind === 'blind' ? outcome : { kind: 'alive', evidence: 'its job claimed it just now' };
  }
  if (facts.claim.kind === 'present' && facts.claim.value.by === 'revocation') {
    // takes what is left of it out of the queue too
    const outcome = await host.scheduler.revoke(attempt, WHO, signal);
    if (outcome.kind === 'not_yet') return { kind: 'unclear', evidence: outcome.reason };
    return outcome.kind === 'blind' ? outcome : { kind: 'proven', proof: 'revoked', end: null };
  }
  const observation = judge(facts, look.node);
  switch (observation.kind) {
    case 'ended':
      return { kind: 'proven', proof: 'gone', end: observation.end };
    case 'missing': {
      const outcome = await host.scheduler.stop(attempt, WHO, signal);
      if (outcome.kind === 'gone') return { kind: 'proven', proof: 'gone', end: outcome.end };
      return outcome.kind === 'blind' ? outcome : { kind: 'unclear', evidence: outcome.reason };
    }
    case 'unknown':
      return { kind: 'unclear', evidence: observation.reason };
    default:
      return {
        kind: 'alive',
        evidence: `its job is ${observation.kind}, processes ${facts.processes.join(' ') || 'none seen'}`,
      };
  }
}

function jobOf(row: AttemptRow | null): AttemptRef['job'] {
  return row === null || row.jobCreatedAt === null ? null : { id: row.jobId, createdAt: row.jobCreatedAt };
}

function record(
  deps: { readonly host: Host; readonly store: Store; readonly clock: Clock; readonly log: Log },
  facts: Facts,
  verdict: Exclude<Verdict, Blind>,
): void {
  const { host, store, clock, log } = deps;
  const at = clock.now();
  const { token } = facts;
  store.write((tx) => {
    const row = readAttempt(tx, token);
    const slot = row?.slot ?? slotOf(facts, host.name);
    if (row === null) {
      const parts = parseToken(token);
      const owner = parts === null ? null : readCase(tx, parts.caseId);
      insertAttempt(tx, {
        token,
        caseId: owner?.id ?? null,
        number: parts?.attempt ?? 1,
        host: host.name,
        slot,
        jobId: facts.job?.id ?? null,
        jobCreatedAt: facts.job?.createdAt ?? null,
        limitMs: owner?.limitMs ?? 0,
        createdAt: at,
        endedAt: at,
      });
    }
    // A job that this database never submitted has run: its case is held back until somebody decides, ended or not.
    const forgotten = row === null || row.orphan !== null || row.proof === 'never_created';
    if (verdict.kind === 'proven') {
      recordProof(tx, token, verdict.proof, at);
      clearSlotsOfToken(tx, token, at);
      const stays = (verdict.end !== null && forgotten && row?.failure == null) || isLeftBehind(tx, token, verdict.end);
      updateAttempt(tx, token, {
        end: verdict.end,
        ...(row?.jobId == null && facts.job !== null ? { jobId: facts.job.id, jobCreatedAt: facts.job.createdAt } : {}),
        orphan: stays ? endedEvidence(verdict.end) : null,
      });
      return;
    }
    // what a restored database forgot of it, an adoption will need
    const job = facts.job ?? { id: row?.jobId ?? null, createdAt: row?.jobCreatedAt ?? null };
    updateAttempt(tx, token, {
      orphan: verdict.evidence,
      proof: null,
      proofAt: null,
      slot,
      jobId: job.id,
      jobCreatedAt: job.createdAt,
    });
    const why = orphanReason(token, verdict.evidence);
    for (const name of heldSlots(host, slot, facts)) quarantineSlot(tx, host.name, name, token, why, at);
  });
  const fields = { host: host.name, token };
  if (verdict.kind === 'proven') log.info(fields, `attempt ${token} is over: ${verdict.proof}`);
  else log.warn(fields, `attempt ${token} is an orphan: ${verdict.evidence}`);
}

/** The slots that it may sit on: where nobody knows which, any; but what was never created sits on none. */
function heldSlots(host: Host, slot: string | null, { claim, queue, processes, unreadable }: Facts): readonly string[] {
  if (slot !== null) return [slot];
  const exists = unreadable !== null || claim.kind !== 'absent' || queue.kind !== 'absent' || processes.length > 0;
  return exists ? host.slots : [];
}

/** What cannot be proven is a trouble of the attempt; an orphan that plainly runs is one by itself. */
function tell({ host, troubles }: Deps, token: string, verdict: Exclude<Verdict, Blind>): void {
  const subject = { kind: 'attempt', host: host.name, token } as const;
  if (verdict.kind === 'unclear') troubles.note(subject, 'unproven', verdict.evidence);
  else troubles.over(subject, 'unproven');
}

function slotOf(facts: Facts, host: string): string | null {
  return facts.slot?.startsWith(`${host}/`) === true ? facts.slot.slice(host.length + 1) : null;
}
