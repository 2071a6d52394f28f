import type { AttemptRef } from '../../../src/scheduler/scheduler.ts';
import type { SimProcess } from '../host/process-table.ts';
import type { Command, SimHost } from '../host/sim-host.ts';
import { pidsOf, report, scan } from './facts.ts';
import type { Report } from './facts.ts';
import { claimOf, take } from './receipts.ts';
import { takeOut } from './take-out.ts';

interface Why {
  readonly who: string;
  readonly why: string;
}

const GRACE_MS = 5_000;
const KILL_ROUNDS = 10;
const NAP_MS = 100;

/** `stopCommand` of src/scheduler/attempt-commands.ts: revoke, withdraw, end, read, look once more. */
export function* stop(host: SimHost, attempt: AttemptRef, why: Why): Command<Report> {
  const directory = host.directoryOf(attempt.token);
  if (directory !== null) yield* take(host, directory, why);
  withdraw(host, attempt);
  yield;
  yield* endProcesses(host, attempt.token);
  const before = pidsOf(scan(host, [attempt.token]), attempt.token);
  yield;
  return yield* report(host, attempt.token, before);
}

/** `revokeCommand`: takes the claim and, where it became ours, the job out of the queue. */
export function* revoke(host: SimHost, attempt: AttemptRef, why: Why): Command<Report> {
  const directory = host.directoryOf(attempt.token);
  if (directory !== null) yield* take(host, directory, why);
  if (directory !== null && claimOf(host, directory) === 'revoked') withdraw(host, attempt);
  yield;
  return yield* report(host, attempt.token);
}

/** `loseCommand`: links `lost` where the job wrote no end; the first writer wins. */
export function* lose(host: SimHost, token: string): Command<Report['facts']['end']> {
  const directory = host.directoryOf(token);
  if (directory !== null && host.hides(token) !== null) return { kind: 'absent' };
  if (directory?.manifest === true && directory.end === null && !host.diskFull) {
    yield;
    directory.end ??= { value: { kind: 'lost' }, synced: false };
  }
  yield;
  if (directory?.end == null) return { kind: 'absent' };
  directory.end.synced = true;
  return host.isGarbled('end', token) ? { kind: 'garbled', text: '' } : { kind: 'present', value: directory.end.value };
}

/** `queue_withdraw`: takes out what has not started. */
function withdraw(host: SimHost, attempt: AttemptRef): void {
  if (host.kind === 'direct') return;
  host.queue.demand();
  takeOut(host, attempt, ['held', 'queued']);
}

function* endProcesses(host: SimHost, token: string): Command<void> {
  const find = (): readonly SimProcess[] => scan(host, [token]).get(token) ?? [];
  const send = (signal: 'TERM' | 'KILL', but: SimProcess['role'] | null): void => {
    for (const process of find()) {
      if (process.role !== but) host.processes.signal(process, signal, 'us', host.ground.timeline.nowMs);
    }
  };
  if (find().length === 0) return;
  send('TERM', null);
  // a stopped process gets its TERM when somebody lets it go on
  for (let waitedMs = 0; waitedMs < GRACE_MS && find().length > 0; waitedMs += 10 * NAP_MS) yield 10 * NAP_MS;
  if (find().length === 0) return;
  // the claimed shell is left to last, so that it can still write how its payload ended
  send('KILL', 'inner');
  for (let round = 0; round < KILL_ROUNDS && find().length > 0; round += 1) yield NAP_MS;
  for (let round = 0; round < KILL_ROUNDS && find().length > 0; round += 1) {
    send('KILL', null);
    yield NAP_MS;
  }
}
