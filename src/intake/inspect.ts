import type { Desk, FoundCase } from './desk.ts';
import { signOptions } from './desk.ts';
import { sampleFolder } from './sample.ts';
import { readCaseFolder } from './read-case.ts';
import { parseRecorded } from './recorded.ts';
import { settle } from './settle.ts';
import type { Sample } from './settle.ts';
import { relative } from 'node:path';
import { formatDuration } from '../domain/duration.ts';

/** `settling`: it may be complete in a moment; the same question later has another answer. */
export type Inspection =
  | { readonly kind: 'ready'; readonly found: FoundCase }
  | { readonly kind: 'rejected'; readonly reason: string }
  /** `quietMs`: left alone for so long, it is complete; null where something else is awaited. */
  | { readonly kind: 'settling'; readonly reason: string; readonly quietMs: number | null }
  /** The disk, or the database, said no: nothing is known of the folder. */
  | { readonly kind: 'blind'; readonly reason: string }
  | { readonly kind: 'stopped' };

export interface ReadingOptions {
  readonly signal: AbortSignal;
  /** Bytes that were read, of so many. */
  readonly onRead: (moved: number, total: number) => void;
  /** Another folder's read has not come back, though nobody waits for it any more: this one waits for its turn. */
  readonly onWait: () => void;
}

/** Reads a case's folder anew, for a retry: by the same rules as at its admission. */
export async function inspectFolder(
  desk: Desk,
  path: string,
  reading: Omit<ReadingOptions, 'onWait'>,
): Promise<Inspection> {
  const startedMs = desk.clock.monotonic();
  // one thread at most waits for a disk that does not answer
  const options = { ...signOptions(desk), signal: reading.signal, width: 1 };
  const outcome = await sampleFolder(path, true, options);
  if (outcome.kind === 'gone') return { kind: 'rejected', reason: `there is no folder ${path}` };
  if (outcome.kind === 'stopped') return outcome;
  const { sample } = outcome;
  if (sample.kind === 'blind') return sample;
  const waiting = waitingReason(desk, path, sample, startedMs);
  if (sample.kind !== 'seen' || waiting !== null) {
    const { reason, quietMs } = waiting ?? { reason: 'it was not seen whole', quietMs: desk.watch.quietPeriodMs };
    return watchOn(desk, path, reason, quietMs);
  }

  const read = await readCaseFolder(path, sample.signature, options, reading.onRead);
  switch (read.kind) {
    case 'read': {
      const name = desk.ledger.get(path)?.name ?? relative(desk.watch.path, path);
      return { kind: 'ready', found: { path, name, ...read.content } };
    }
    case 'rejected':
    case 'stopped':
      return read;
    case 'moving':
      return watchOn(desk, path, 'it changed while it was read', desk.watch.quietPeriodMs);
    case 'blind':
      return { kind: 'blind', reason: `it cannot be read now (${read.code}); it is tried again` };
  }
}

/** Null when the folder is complete: as it was when it settled last, or quiet for long enough by now. */
function waitingReason(
  desk: Desk,
  path: string,
  sample: Sample,
  startedMs: number,
): { readonly reason: string; readonly quietMs: number | null } | null {
  const candidate = desk.unsettled.get(path);
  const { verdict } = settle(candidate?.settling ?? null, sample, startedMs, desk.clock.monotonic(), desk.watch);
  if (verdict.kind === 'settled') return null;
  const isComplete = sample.kind === 'seen' && sample.hasContent && sample.temporary === null;
  if (!isComplete) return { reason: verdict.reason, quietMs: null };
  const row = desk.ledger.get(path);
  const wasRead = row !== undefined && parseRecorded(row.signature).signature === sample.signature;
  if (wasRead || candidate?.settled?.signature === sample.signature) return null;
  const quietMs = desk.watch.quietPeriodMs;
  return {
    reason: `it changed since it was read last, and has to be left alone for ${formatDuration(quietMs)} first`,
    quietMs,
  };
}

function watchOn(desk: Desk, path: string, reason: string, quietMs: number | null): Inspection {
  desk.unsettled.track(path, desk.ledger.get(path)?.name ?? relative(desk.watch.path, path), desk.clock.monotonic());
  return { kind: 'settling', reason, quietMs };
}
