import { isUnreachable } from '../../store/queries.ts';
import type { Because, WhyFacts } from './facts.ts';
import { explainRunning } from './running.ts';
import { explainSubmitted } from './submitted.ts';
import { explainSubmitting } from './submitting.ts';
import { ago, because, heldFor, hostNamed, named, slotOf } from './words.ts';

/** A case that is not over: first what stands in the way of every phase, then the phase itself. */
export function explainLive(facts: WhyFacts): Because {
  return (
    setAside(facts) ??
    hostRemoved(facts) ??
    unreachable(facts) ??
    paused(facts) ??
    heldBack(facts) ??
    blocked(facts) ??
    phase(facts)
  );
}

function phase(facts: WhyFacts): Because {
  switch (facts.row.state) {
    case 'submitting':
      return explainSubmitting(facts);
    case 'running':
      return explainRunning(facts);
    default:
      return explainSubmitted(facts);
  }
}

function setAside(facts: WhyFacts): Because | null {
  const { row } = facts;
  if (row.setAside === null) return null;
  const slot = row.slot === null ? '' : ` and keeps its slot ${slotOf(facts)}`;
  return {
    waitsFor: 'operator',
    says: `is set aside in ${row.phase}: its saved state cannot be read (${row.setAside}), so the daemon leaves it alone${slot}`,
    next:
      row.state === 'submitted'
        ? `mqi cases retry ${row.id}`
        : `start the version of mqi that wrote it, or mqi cases abandon ${row.id} --why TEXT`,
  };
}

function hostRemoved({ row, config }: WhyFacts): Because | null {
  if (row.host === null || config.hosts.some((host) => host.name === row.host)) return null;
  const way = row.state === 'submitted' ? `mqi cases cancel ${row.id}` : `mqi cases abandon ${row.id} --why TEXT`;
  return {
    waitsFor: 'operator',
    says: `is ${row.phase} on ${row.host}, which is no longer in the configuration, so nobody watches it`,
    next: `put ${row.host} back under hosts: and restart the daemon, or ${way}`,
  };
}

function unreachable(facts: WhyFacts): Because | null {
  const { row, nowMs } = facts;
  if (row.blindCause === null || row.host === null) return null;
  const host = hostNamed(facts, row.host);
  const what = {
    link: `${row.host} cannot be reached`,
    queue: `the queue of ${row.host} does not answer`,
    garbled: `nobody can read what ${row.host} answers`,
  }[row.blindCause];
  const seen = host?.lastSeenAt == null ? 'never seen' : `last seen ${ago(host.lastSeenAt, nowMs)}`;
  return {
    waitsFor: 'host',
    says: `is ${row.phase}, unreachable: ${what}${heldFor(row.blindSince, nowMs)}, ${seen}${because(host?.reason ?? null)}; nothing is decided and no time counts until it is back`,
    next: 'mqi doctor',
  };
}

function paused({ row }: WhyFacts): Because | null {
  if (!row.paused || row.state !== 'submitted') return null;
  return {
    waitsFor: 'operator',
    says: `is paused while ${row.phase}: it gets no slot until an operator resumes it`,
    next: `mqi cases resume ${row.id}`,
  };
}

/** Two jobs of one case must never be able to run: the earlier one has to be proven dead, or taken back. */
function heldBack(facts: WhyFacts): Because | null {
  const { row, heldBackBy, config, nowMs } = facts;
  if (row.state !== 'submitted') return null;
  const orphan = heldBackBy.find((attempt) => attempt.orphan !== null);
  if (orphan !== undefined) {
    const over = orphan.proof !== null;
    return {
      waitsFor: 'operator',
      says: `is held back by ${named(orphan)}: ${orphan.orphan}; ${over ? 'adopt it to collect its results, or retry the case to leave it' : 'it is adopted, or proven gone, before another job of this case may start'}`,
      next: over ? `mqi cases adopt ${row.id}, or mqi cases retry ${row.id}` : `mqi cases adopt ${row.id}`,
    };
  }
  const unproven = heldBackBy[0];
  if (unproven === undefined) return null;
  const trouble = facts.troubles.find(({ token, what }) => token === unproven.token && what === 'unproven');
  const held = `is held back until ${named(unproven)} is proven unable to run${because(trouble?.reason ?? null)}`;
  if (!config.hosts.some((host) => host.name === unproven.host)) {
    return {
      waitsFor: 'operator',
      says: `${held}, but ${unproven.host} is no longer in the configuration`,
      next: `put ${unproven.host} back under hosts: and restart the daemon`,
    };
  }
  const host = hostNamed(facts, unproven.host);
  const away = host !== undefined && isUnreachable(host);
  return {
    waitsFor: 'proof',
    says: away
      ? `${held}; ${unproven.host} cannot be reached${heldFor(host.since, nowMs)}${because(host.reason)}`
      : `${held}; the daemon revokes it, or sees it end, when it next asks ${unproven.host}`,
    next: away ? 'mqi doctor' : null,
  };
}

function blocked({ row, nowMs }: WhyFacts): Because | null {
  // of a job that runs, or is suspended, it is an aside
  if (row.blocked === null || row.phase === 'executing') return null;
  return {
    waitsFor: 'operator',
    says: `is ${row.phase}${heldFor(row.phaseSince, nowMs)} but blocked: ${row.blocked}; it goes on by itself once that is mended`,
    next: 'mqi doctor',
  };
}
