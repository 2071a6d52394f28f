import type { Job, Node, QueueState, Receipt } from '../../../src/domain/job.ts';
import type { Facts } from '../../../src/scheduler/scheduler.ts';
import type { Written } from '../host/attempt-directory.ts';
import type { Command, SimHost } from '../host/sim-host.ts';
import type { SimProcess } from '../host/process-table.ts';
import { SimQueue } from '../host/sim-queue.ts';

/** What a look or a report found of one attempt, before its processes were looked for. */
export type FileFacts = Omit<Facts, 'processes' | 'stopped'>;

/** What a scan found, by token. */
export type Found = ReadonlyMap<string, readonly SimProcess[]>;

export interface Report {
  readonly node: Node;
  readonly facts: Facts;
}

/** What the queue says of some tokens, read in one go. */
export type QueueReading = (token: string) => { readonly state: QueueState; readonly job: Job | null };

/** `queue_read`. A host without a queue holds what has a script. */
export function readQueue(host: SimHost): QueueReading {
  if (host.kind === 'direct') return (token) => heldByScript(host, token);
  host.queue.demand();
  const read = new Map(
    host.queue
      .entries()
      .map((entry) => [entry.token, { state: SimQueue.stateOf(entry), job: SimQueue.jobOf(entry) }] as const),
  );
  return (token) => read.get(token) ?? { state: { kind: 'absent' }, job: null };
}

function heldByScript(host: SimHost, token: string): ReturnType<QueueReading> {
  return host.directoryOf(token)?.script == null
    ? { state: { kind: 'absent' }, job: null }
    : { state: { kind: 'held' }, job: { id: token, createdAt: null } };
}

/** `facts` of src/scheduler/host-receipts.ts. */
export function readFiles(host: SimHost, token: string, queue: QueueReading): FileFacts {
  const directory = host.directoryOf(token);
  const hidden = directory === null ? null : host.hides(token);
  const claim = hidden === null ? (directory?.claim ?? null) : null;
  const end = hidden === null ? (directory?.end ?? null) : null;
  const { state, job } = queue(token);
  return {
    token,
    queue: state,
    job,
    unreadable: hidden,
    directory: directory === null ? 'absent' : 'present',
    manifest: hidden !== null || directory?.manifest === true ? 'present' : 'absent',
    claim: receipt(claim, host.isGarbled('claim', token)),
    end: receipt(end, host.isGarbled('end', token)),
    slot: claim?.value.by === 'job' && !host.isGarbled('claim', token) ? (directory?.script?.value.slot ?? null) : null,
  };
}

function receipt<T>(written: Written<T> | null, isGarbled: boolean): Receipt<T> {
  if (written === null) return { kind: 'absent' };
  return isGarbled ? { kind: 'garbled', text: '' } : { kind: 'present', value: written.value };
}

/** `scan`, with the sessions that the claims of these attempts name. */
export function scan(host: SimHost, tokens: readonly string[]): Found {
  const sessions = new Map<number, string>();
  for (const token of tokens) {
    const claim = host.directoryOf(token)?.claim?.value;
    const isRead = host.hides(token) === null && !host.isGarbled('claim', token);
    if (isRead && claim?.by === 'job' && claim.session !== null && claim.bootId === host.node.bootId) {
      sessions.set(claim.session, token);
    }
  }
  return host.processes.scan(sessions);
}

export function pidsOf(found: Found, token: string): number[] {
  return (found.get(token) ?? []).map((process) => process.pid);
}

/** From one scan, or the last two. */
export function processesOf(
  found: readonly Found[],
  token: string,
): { readonly processes: readonly number[]; readonly stopped: boolean } {
  const seen = found.flatMap((one) => one.get(token) ?? []);
  return {
    processes: [...new Set(seen.map(({ pid }) => pid))],
    stopped: seen.length > 0 && seen.every((process) => process.stopped),
  };
}

/** An end that came since; what is hidden now is not known to be absent. */
export function lateEnd(host: SimHost, token: string, files: FileFacts, queue: QueueReading): FileFacts {
  if (files.unreadable !== null) return files;
  const { end, unreadable } = readFiles(host, token, queue);
  return { ...files, end: unreadable === null ? end : files.end, unreadable };
}

/** `REPORT` of src/scheduler/attempt-commands.ts; `before` are the processes of an earlier scan. */
export function* report(host: SimHost, token: string, before: readonly number[] = []): Command<Report> {
  const queue = readQueue(host);
  yield;
  const files = readFiles(host, token, queue);
  yield;
  const now = processesOf([scan(host, [token])], token);
  yield;
  const late = lateEnd(host, token, files, queue);
  host.demandRoot();
  return { node: host.node, facts: { ...late, ...now, processes: [...new Set([...before, ...now.processes])] } };
}
