import { isMereWord, parseToken } from '../../../domain/attempt.ts';
import type { Clock } from '../../../domain/clock.ts';
import type { Troubles } from '../../../domain/trouble.ts';
import { isAtWork } from '../../../scheduler/judge.ts';
import type { Blind, Facts, Look } from '../../../scheduler/scheduler.ts';
import { insertAttempt, readAttempt, recordProof, unprovenAttempts, updateAttempt } from '../../../store/attempts.ts';
import { readCase } from '../../../store/cases.ts';
import type { CaseRow } from '../../../store/cases.ts';
import type { ReadDb, Store } from '../../../store/database.ts';
import { clearSlotsOfToken, orphanReason, quarantineSlot } from '../../../store/slots.ts';
import { startAttempt } from '../../case/admit.ts';
import type { CaseChange } from '../../case/commit.ts';
import type { Host } from '../host.ts';
import { endedEvidence, isLeftBehind } from '../../case/left-behind.ts';
import { reasonOf } from '../../log.ts';
import type { Log } from '../../log.ts';
import { ownerOf } from './owner.ts';
import { verdictOn } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** What one sweep came to. `reconciled` lifts the barrier: there is a verdict on every attempt on the host. */
export type Reconciled =
  | {
      readonly kind: 'reconciled';
      /** Jobs there that are nobody's. */
      readonly orphans: number;
      /** What lies staged there. */
      readonly staging: readonly string[];
    }
  | Blind;

interface Deps {
  readonly host: Pick<Host, 'name' | 'slots' | 'scheduler'>;
  readonly store: Store;
  readonly announce: (change: CaseChange) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly troubles: Troubles;
  readonly signal: AbortSignal;
}

/**
 * Compares what a host has with what the store knows, and mends the differences: dead attempts are revoked, those
 * that their job claimed first are orphans, and quarantine their slot. It comes to a verdict on every attempt on the host that carries
 * our name, not only those that the database knows: a database restored from a backup does not know what it did.
 */
export interface Reconciling {
  /** Attempt by attempt: one that is odd is named and keeps what it holds, and the sweep goes on with the next one. */
  runOnce(): Promise<Reconciled>;
}

export function createReconciling(deps: Deps): Reconciling {
  const { host, store, troubles, signal } = deps;
  const subjectOf = (token: string) => ({ kind: 'attempt', host: host.name, token }) as const;
  /** Those of which nobody could tell the last time. */
  let told: readonly string[] = [];

  /** Null: it is none of the dead, or an operator has answered for it. */
  const reconcileOne = async (facts: Facts, look: Look, wasWaiting: boolean): Promise<Verdict | null> => {
    const { token } = facts;
    if (wasWaiting && isSubmitted(facts)) forget(deps, facts);
    // adopted meanwhile, perhaps
    if (!isDead(deps, token)) return null;
    const verdict = await verdictOn(host, facts, look, readAttempt(store.db, token), signal);
    if (verdict.kind === 'blind') return verdict;
    if (!isDead(deps, token)) return null;
    if (verdict.kind !== 'proven' && isVouchedFor(deps, facts, look)) return null;
    record(deps, facts, verdict);
    return verdict;
  };

  return {
    async runOnce() {
      const listed = await host.scheduler.list(signal);
      if (listed.kind === 'blind') return listed;
      const known = unprovenAttempts(store.db, host.name).map((row) => row.token);
      const tokens = [...new Set([...listed.attempts.map((attempt) => attempt.token), ...known])];
      const waiting = new Set(tokens.filter((token) => waitingOwner(store.db, token) !== null));
      const doubtful = tokens.filter((token) => isDead(deps, token) || waiting.has(token));

      const look = await host.scheduler.look(doubtful, signal);
      if (look.kind === 'blind') return look;
      let orphans = 0;
      const unclear: string[] = [];
      const broken: unknown[] = [];
      for (const facts of look.facts) {
        try {
          const verdict = await reconcileOne(facts, look, waiting.has(facts.token));
          if (verdict === null || verdict.kind === 'proven') continue;
          if (verdict.kind === 'blind') return verdict;
          orphans += 1;
          if (verdict.kind === 'alive') continue;
          // an orphan that plainly runs is a trouble by itself
          unclear.push(facts.token);
          troubles.note(subjectOf(facts.token), 'unproven', verdict.evidence);
        } catch (error) {
          broken.push(error);
        }
      }
      for (const token of told) if (!unclear.includes(token)) troubles.over(subjectOf(token), 'unproven');
      told = unclear;
      // what was found is not recorded: the others are reconciled, but the barrier stays
      if (broken.length > 0) throw new Error(reasonOf(broken[0]));
      return { kind: 'reconciled', orphans, staging: listed.staging };
    },
  };
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

function record(deps: Deps, facts: Facts, verdict: Exclude<Verdict, Blind>): void {
  const { host, store, clock, log } = deps;
  const at = clock.now();
  const { token } = facts;
  const before = readAttempt(store.db, token)?.orphan ?? null;
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
    if (verdict.kind === 'proven') {
      // a job that this database never submitted has run: its case is held back until somebody decides, ended or not
      const forgotten = row === null || row.slot === null || row.orphan !== null || row.proof === 'never_created';
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
    const slots = heldSlots(host, slot, facts);
    updateAttempt(tx, token, {
      // an orphan with a slot that nobody knows takes each that is given back: one that sits on none is none
      orphan: slots.length === 0 ? (row?.orphan ?? null) : verdict.evidence,
      proof: null,
      proofAt: null,
      keptFromMs: null,
      slot,
      jobId: job.id,
      jobCreatedAt: job.createdAt,
    });
    const why = orphanReason(token, verdict.evidence);
    for (const name of slots) quarantineSlot(tx, host.name, name, token, why, at);
  });
  const fields = { host: host.name, token };
  if (verdict.kind === 'proven') log.info(fields, `attempt ${token} is over: ${verdict.proof}`);
  else if (verdict.evidence !== before) log.warn(fields, `attempt ${token} is an orphan: ${verdict.evidence}`);
}

/** The slots that it may sit on: where nobody knows which, any; but what was never created sits on none. */
function heldSlots(
  host: Pick<Host, 'slots'>,
  slot: string | null,
  { claim, queue, processes, unreadable }: Facts,
): readonly string[] {
  if (slot !== null) return [slot];
  const exists = unreadable !== null || claim.kind !== 'absent' || queue.kind !== 'absent' || processes.length > 0;
  return exists ? host.slots : [];
}

function slotOf(facts: Facts, host: string): string | null {
  return facts.slot?.startsWith(`${host}/`) === true ? facts.slot.slice(host.length + 1) : null;
}
