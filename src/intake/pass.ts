import type { Desk } from './desk.ts';
import { signOptions, tryWrite } from './desk.ts';
import type { LedgerChange } from './ledger.ts';
import { sampleFolder } from './sample.ts';
import type { SampleOutcome } from './sample.ts';
import { recordedText } from './recorded.ts';
import { rootIdentity } from './scan.ts';
import { nextSampleMs, settle } from './settle.ts';
import type { Candidate } from './unsettled.ts';

/** A sample a second keeps the settling close to the quiet period; a walk through 1,000 files costs 26 ms (STACK.md 3d). */
const MOST_BETWEEN_SAMPLES_MS = 1_000;
const LEAST_BETWEEN_SAMPLES_MS = 20;

/** How often a candidate is sampled while it may settle. */
export function sampleEveryMs(quietPeriodMs: number): number {
  return Math.max(LEAST_BETWEEN_SAMPLES_MS, Math.min(MOST_BETWEEN_SAMPLES_MS, quietPeriodMs / 4));
}

/** Takes one sample of each candidate whose turn it is, and writes down what each waits for. Returns how many it took. */
export async function sampleDue(desk: Desk): Promise<number> {
  const due = desk.unsettled.due(desk.clock.monotonic());
  for (const candidate of due) {
    if (desk.signal.aborted) return 0;
    const startedMs = desk.clock.monotonic();
    // of a known folder the marker says nothing: it may lie there since the first copy
    const outcome = await sampleFolder(candidate.path, !isKnown(desk, candidate), signOptions(desk));
    if (!desk.unsettled.has(candidate)) continue;
    await take(desk, candidate, outcome, startedMs);
  }
  writeReasons(desk);
  return due.length;
}

/** A folder whose content was read before: it is compared, and not admitted. */
export function isKnown(desk: Desk, { path }: { readonly path: string }): boolean {
  const state = desk.ledger.get(path)?.state;
  return state !== undefined && state !== 'settling' && state !== 'rejected';
}

async function take(desk: Desk, candidate: Candidate, outcome: SampleOutcome, startedMs: number): Promise<void> {
  if (outcome.kind === 'stopped') return;
  if (outcome.kind === 'gone') return leave(desk, candidate);
  const rule = {
    quietPeriodMs: desk.watch.quietPeriodMs,
    readyMarker: isKnown(desk, candidate) ? null : desk.watch.readyMarker,
  };
  const endedMs = desk.clock.monotonic();
  const { settling, verdict } = settle(candidate.settling, outcome.sample, startedMs, endedMs, rule);
  candidate.settling = settling;
  candidate.nextSampleMs =
    endedMs +
    nextSampleMs(settling, endedMs, {
      leastMs: sampleEveryMs(rule.quietPeriodMs),
      mostMs: desk.watch.rescanEveryMs,
      quietPeriodMs: rule.quietPeriodMs,
    });
  if (verdict.kind === 'settled') candidate.settled = { signature: verdict.signature, stamp: outcome.stamp ?? '' };
  explain(
    desk,
    candidate,
    verdict.kind === 'settled' ? 'it is complete, and waits to be read' : verdict.reason,
    outcome.sample.kind === 'blind' ? 'warn' : 'debug',
  );
}

/** What a candidate waits for, from now on. */
export function explain(desk: Desk, candidate: Candidate, reason: string, level: 'debug' | 'warn' = 'debug'): void {
  if (candidate.reason === reason) return;
  candidate.reason = reason;
  const { name } = candidate;
  desk.log({ level, event: 'intake.waiting', name, reason, message: `${name}: ${reason}` });
}

/** It is not there. Where the watched directory itself is not there, that says nothing of the folder. */
async function leave(desk: Desk, candidate: Candidate): Promise<void> {
  const root = await rootIdentity(desk.watch.path);
  if (!desk.unsettled.has(candidate)) return;
  if (root.kind !== 'found') {
    // what it was like before the disk went away is no part of an unbroken row of samples
    candidate.settling = null;
    candidate.nextSampleMs = desk.clock.monotonic() + sampleEveryMs(desk.watch.quietPeriodMs);
    return;
  }
  desk.unsettled.drop(candidate.path);
  if (isKnown(desk, candidate)) return;
  tryWrite(desk, () => desk.ledger.remove([candidate.path]));
  const { name } = candidate;
  desk.log({ level: 'info', event: 'intake.gone', name, message: `${name} went away before it became a case` });
}

/** Rows a pass, some 10 ms; the reasons of a burst of thousands reach the store a pass or two later. */
const REASONS_A_PASS = 500;

/** New reasons reach the store in one transaction a pass; they change seldom. */
function writeReasons(desk: Desk): void {
  const changes: LedgerChange[] = [];
  for (const candidate of desk.unsettled.all()) {
    if (changes.length >= REASONS_A_PASS) break;
    const { path, name } = candidate;
    const row = desk.ledger.get(path);
    if (isKnown(desk, candidate) || candidate.reason === null) continue;
    if (row?.state === 'settling' && row.reason === candidate.reason) continue;
    const signature = recordedText({ stamp: '', signature: '', fingerprint: '' });
    changes.push({ path, name, state: 'settling', reason: candidate.reason, caseId: null, signature });
  }
  if (changes.length > 0) tryWrite(desk, () => desk.ledger.put(changes));
}
