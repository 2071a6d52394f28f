import type { Job } from '../../../src/domain/job.ts';
import type { CreateRequest } from '../../../src/scheduler/scheduler.ts';
import type { Command, SimHost } from '../host/sim-host.ts';
import { SimQueue } from '../host/sim-queue.ts';
import { scan } from './facts.ts';
import { claimOf, take } from './receipts.ts';

export type CreateAnswer =
  | { readonly kind: 'created'; readonly job: Job }
  | { readonly kind: 'earlier'; readonly token: string }
  | { readonly kind: 'refused' | 'unknown' | 'blocked'; readonly text: string };

const REVOKED = 'it was revoked on the host';
const FULL = 'cannot be written on the host (disk full?)';

/** src/scheduler/create-command.ts: looks for any other attempt of the case, and then makes the held job. */
export function* create(host: SimHost, request: CreateRequest): Command<CreateAnswer> {
  const { spec, provenTokens } = request;
  const prefix = spec.token.slice(0, spec.token.lastIndexOf('-', spec.token.lastIndexOf('-') - 1) + 1);
  const directory = host.directoryOf(spec.token);
  const hidden = directory === null ? null : host.hides(spec.token);
  if (hidden !== null) return { kind: 'blocked', text: hidden };
  if (directory?.manifest !== true) return { kind: 'refused', text: 'its files are not on the host any more' };
  if (claimOf(host, directory) === 'revoked') return { kind: 'refused', text: REVOKED };
  const earlier = yield* findEarlier(host, prefix, new Set([spec.token, ...provenTokens]));
  if (earlier?.isHidden === true) return { kind: 'blocked', text: `an earlier attempt may have run: ${earlier.token}` };
  if (earlier !== null) {
    yield* take(host, directory, { who: 'mqi', why: 'an earlier attempt of the case was claimed' });
    const claim = claimOf(host, directory);
    if (claim === 'absent' || claim === 'hidden') return { kind: 'blocked', text: `its claim ${FULL}` };
    if (claim !== 'revoked') return { kind: 'unknown', text: 'a job has claimed this attempt already' };
    return { kind: 'earlier', token: earlier.token };
  }
  const found = findJob(host, spec.token);
  yield;
  const claim = claimOf(host, directory);
  if (claim === 'revoked') return { kind: 'refused', text: REVOKED };
  if (claim === 'hidden') return { kind: 'blocked', text: 'its claim cannot be looked at' };
  if (claim !== 'absent') return { kind: 'created', job: found ?? { id: null, createdAt: null } };
  if (found !== null) return { kind: 'created', job: found };
  if (host.diskFull) return { kind: 'blocked', text: `job.sh ${FULL}` };
  directory.script = { value: { slot: spec.slot }, synced: false };
  yield;
  if (directory.script !== null) directory.script.synced = true;
  yield;
  return { kind: 'created', job: addHeld(host, spec.token, spec.queue ?? '') };
}

/** An earlier attempt of the case that a job has claimed, or may have; whatever nobody claimed is revoked. */
function* findEarlier(
  host: SimHost,
  prefix: string,
  proven: ReadonlySet<string>,
): Command<{ readonly token: string; readonly isHidden: boolean } | null> {
  for (const token of [...host.directories.keys()].sort()) {
    const other = host.directoryOf(token);
    if (other === null || !token.startsWith(prefix) || proven.has(token)) continue;
    yield* take(host, other, { who: 'mqi', why: 'another attempt takes its place' });
    const claim = claimOf(host, other);
    if (claim === 'hidden') return { token, isHidden: true };
    if (claim !== 'revoked' || !other.manifest) return { token, isHidden: false };
  }
  yield;
  for (const token of scan(host, []).keys()) {
    if (token.startsWith(prefix) && !proven.has(token)) return { token, isHidden: false };
  }
  return null;
}

/** `queue_find`: without a queue, a job is there when its script is. */
export function findJob(host: SimHost, token: string): Job | null {
  if (host.kind === 'direct') return host.directoryOf(token)?.script == null ? null : { id: token, createdAt: null };
  host.queue.demand();
  const entry = host.queue.find(token);
  return entry === null ? null : SimQueue.jobOf(entry);
}

/** `queue_add`: what it adds cannot run until it is let go. */
function addHeld(host: SimHost, token: string, group: string): Job {
  if (host.kind === 'direct') return { id: token, createdAt: null };
  host.queue.demand();
  return SimQueue.jobOf(host.queue.add(token, group));
}
