import { formatSize } from '../../domain/duration.ts';
import { isUnreachable } from '../../store/queries.ts';
import type { SlotWithCase } from '../../store/queries.ts';
import { progressOf, progressText } from '../progress.ts';
import type { Because, WhyFacts } from './facts.ts';
import { heldFor, hostNamed, hostTrouble, listed } from './words.ts';

/** Waiting, staging or staged. */
export function explainSubmitted(facts: WhyFacts): Because {
  switch (facts.row.phase) {
    case 'staging':
      return staging(facts);
    case 'staged':
      return staged(facts);
    default:
      return waiting(facts);
  }
}

function place({ turn }: WhyFacts): string {
  return turn === null ? '' : ` (${turn.position} of ${turn.of} in line)`;
}

/** Which hosts could take it, and why none does. */
function waiting(facts: WhyFacts): Because {
  const { config, staged, slots, nowMs } = facts;
  const line = `waits for its turn${place(facts)}`;
  const states = config.hosts.map((host) => {
    const trouble = hostTrouble(hostNamed(facts, host.name), host.name, nowMs);
    const ahead = staged.get(host.name) ?? 0;
    // a free slot makes room for one case more than may lie waiting there
    const room = host.stageAhead + slots.filter((slot) => isFree(slot) && slot.host === host.name).length;
    const full = ahead >= room ? `${host.name} holds as many cases staged ahead as it may (${ahead})` : null;
    return { trouble, full };
  });
  const troubles = states.flatMap(({ trouble }) => (trouble === null ? [] : [trouble]));
  const full = states.flatMap(({ trouble, full }) => (trouble !== null || full === null ? [] : [full]));
  if (states.length > 0 && troubles.length === states.length) {
    return { waitsFor: 'host', says: `${line}: ${listed(troubles)}`, next: 'mqi doctor' };
  }
  if (full.length + troubles.length === states.length) {
    return { waitsFor: 'turn', says: `${line}: ${listed([...full, ...troubles])}`, next: null };
  }
  return {
    waitsFor: 'turn',
    says: `${line}: the daemon sends it as soon as the cases before it have gone`,
    next: null,
  };
}

function isFree(slot: SlotWithCase): boolean {
  return slot.state === 'free' && slot.configured && slot.busy === null;
}

function staging(facts: WhyFacts): Because {
  const { row, attempt, uploadTries, nowMs } = facts;
  const trouble = row.host === null ? null : offline(facts, row.host);
  const tries = uploadTries === 0 ? '' : `, try ${uploadTries + 1}`;
  if (trouble !== null) {
    return { waitsFor: 'host', says: `is being sent to ${row.host}${tries}, but ${trouble}`, next: 'mqi doctor' };
  }
  const spanMs = nowMs - row.phaseSince;
  const moved = attempt === null ? 0 : attempt.movedBytes;
  const progress =
    attempt === null || moved === 0
      ? `${row.files} files, ${formatSize(row.sizeBytes)}`
      : progressText(progressOf(moved, attempt.totalBytes, moved, spanMs));
  return {
    waitsFor: 'upload',
    says: `is being sent to ${row.host ?? 'its host'}${heldFor(row.phaseSince, nowMs)}: ${progress}${tries}`,
    next: null,
  };
}

/** Unreachable alone: an upload does not need a reconciled host. */
function offline(facts: WhyFacts, name: string): string | null {
  const host = hostNamed(facts, name);
  return host !== undefined && isUnreachable(host) ? hostTrouble(host, name, facts.nowMs) : null;
}

function staged(facts: WhyFacts): Because {
  const { row, slots, nowMs } = facts;
  const name = row.host ?? 'its host';
  const lies = `lies on ${name} and waits for a slot${place(facts)}`;
  const host = hostNamed(facts, name);
  const trouble = hostTrouble(host, name, nowMs);
  if (trouble !== null) {
    const away = host !== undefined && isUnreachable(host);
    return { waitsFor: 'host', says: `${lies}: ${trouble}`, next: away ? 'mqi doctor' : null };
  }
  if (facts.isRestored) return restored(facts, lies);
  const here = slots.filter((slot) => slot.host === name && slot.configured);
  if (here.length === 0) {
    return { waitsFor: 'operator', says: `${lies}: ${name} has none in the configuration`, next: 'mqi config check' };
  }
  const taken = here.filter((slot) => !isFree(slot));
  if (taken.length < here.length) {
    return { waitsFor: 'slot', says: `${lies}: one is free and is given to the first in line now`, next: null };
  }
  const quarantined = taken.find((slot) => slot.state === 'quarantined');
  const isBusy = taken.some((slot) => slot.state === 'free');
  return {
    waitsFor: 'slot',
    says: `${lies}: ${listed(taken.map(holder))}`,
    next:
      quarantined === undefined
        ? isBusy
          ? 'mqi doctor'
          : null
        : `mqi slots clear ${name}/${quarantined.name} --dry-run`,
  };
}

/** A job that a restored database has forgotten may run on any host, also for a case that lies on this one. */
function restored(facts: WhyFacts, lies: string): Because {
  const unseen = facts.config.hosts.flatMap(
    (host) => hostTrouble(hostNamed(facts, host.name), host.name, facts.nowMs) ?? [],
  );
  return {
    waitsFor: 'host',
    says: `${lies}: the database was restored from a backup, so nothing starts before every host was checked${unseen.length === 0 ? '' : `; ${listed(unseen)}`}`,
    next: unseen.length === 0 ? null : 'mqi doctor',
  };
}

function holder(slot: SlotWithCase): string {
  if (slot.state === 'quarantined') return `${slot.name} is quarantined (${slot.reason ?? 'no reason recorded'})`;
  if (slot.state === 'free') return `slot ${slot.host}/${slot.name} is busy: ${slot.busy ?? 'something runs there'}`;
  return `${slot.name} is held by ${slot.caseName ?? slot.caseId ?? 'a case'} (${slot.phase ?? 'unknown'})`;
}
