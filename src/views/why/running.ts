// not the index: a reading command need not load xstate
import { LINGER_MS } from '../../../machines/case.context.ts';
import type { StopReason } from '../../../machines/case.context.ts';
import { formatDuration } from '../../domain/duration.ts';
import { progressOf, progressText } from '../progress.ts';
import { seenMs } from '../seen.ts';
import type { Because, WhyFacts } from './facts.ts';
import { ago, heldFor, hostNamed, listed, slotOf } from './words.ts';

/** From the committed job to its results. */
export function explainRunning(facts: WhyFacts): Because {
  switch (facts.row.phase) {
    case 'queued':
      return queued(facts);
    case 'executing':
      return executing(facts);
    case 'stopping':
      return stopping(facts);
    case 'collecting':
      return collecting(facts);
    default:
      return releasing(facts);
  }
}

function job(facts: WhyFacts): string {
  const { jobId } = facts.row;
  return `${jobId === null ? 'its job' : `its job ${jobId}`} on ${slotOf(facts)}`;
}

function notices(facts: WhyFacts): string {
  const host = facts.row.host === null ? undefined : hostNamed(facts, facts.row.host);
  return host === undefined || host.notices.length === 0 ? '' : `; the queue there says: ${listed(host.notices)}`;
}

function releasing(facts: WhyFacts): Because {
  return {
    waitsFor: 'queue',
    says: `waits for ${job(facts)} to be let go${heldFor(facts.row.phaseSince, facts.nowMs)}${notices(facts)}`,
    next: null,
  };
}

function queued(facts: WhyFacts): Because {
  const said = notices(facts);
  return {
    waitsFor: 'queue',
    says: `waits for the queue to start ${job(facts)}${heldFor(facts.row.phaseSince, facts.nowMs)}${said}`,
    next: said === '' ? null : 'mqi hosts list',
  };
}

function executing(facts: WhyFacts): Because {
  const { row, lingerMs, nowMs } = facts;
  const host = row.host === null ? undefined : hostNamed(facts, row.host);
  const clock = `seen running for ${formatDuration(seenMs(row, host))} of its limit of ${formatDuration(row.limitMs)}`;
  if (lingerMs > 0) {
    return {
      waitsFor: 'job',
      says: `waits for processes that outlive ${job(facts)}: it has ended, they were seen for ${formatDuration(lingerMs)} since and are ended after ${formatDuration(LINGER_MS)}`,
      next: null,
    };
  }
  const seen = host?.lastSeenAt == null ? '' : `, last checked ${ago(host.lastSeenAt, nowMs)}`;
  const aside = row.blocked === null ? '' : `; but ${row.blocked}`;
  return {
    waitsFor: 'job',
    says: `waits for ${job(facts)} to end: ${clock}${seen}${aside}`,
    next: row.blocked === null ? null : `mqi cases cancel ${row.id}`,
  };
}

function stopping(facts: WhyFacts): Because {
  return {
    waitsFor: 'proof',
    says: `waits for the proof that ${job(facts)} is gone${heldFor(facts.row.phaseSince, facts.nowMs)}: ${stopText(facts.stop)}`,
    next: null,
  };
}

function stopText(stop: StopReason | null): string {
  switch (stop?.kind) {
    case 'cancelled':
      return `it is being stopped, cancelled by ${stop.by} (${stop.why})`;
    case 'limit':
      return 'it is being stopped, past its limit';
    case 'missing':
      return 'the last check did not find it any more, so it is revoked and looked for until that is certain';
    case 'lingering':
      return 'it has ended, but processes of it did not, so they are being ended';
    case undefined:
      return 'it is being stopped';
  }
}

function collecting(facts: WhyFacts): Because {
  const { row, attempt, nowMs } = facts;
  const moved = attempt?.movedBytes ?? 0;
  const progress =
    attempt === null || moved === 0
      ? ''
      : `: ${progressText(progressOf(moved, attempt.totalBytes, moved, nowMs - row.phaseSince))}`;
  return {
    waitsFor: 'collection',
    says: `waits for its results to come back from ${row.host ?? 'its host'} and be verified${heldFor(row.phaseSince, nowMs)}${progress}`,
    next: null,
  };
}
