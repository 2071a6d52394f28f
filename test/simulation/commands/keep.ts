import type { AttemptRef } from '../../../src/scheduler/scheduler.ts';
import { HostProblem } from '../host/sim-host.ts';
import type { Command, SimHost } from '../host/sim-host.ts';
import { take } from './receipts.ts';
import { takeOut } from './take-out.ts';

export interface Names {
  readonly attempts: readonly string[];
  readonly staging: readonly string[];
}

/** `listCommand`: every directory and every entry of the queue that carries our name. */
export function* list(host: SimHost): Command<Names> {
  if (host.kind === 'pueue') host.queue.demand();
  const queued = host.queue.entries().map((entry) => entry.token);
  yield;
  const attempts = [...new Set([...host.directories.keys(), ...queued])].sort();
  yield;
  host.demandRoot();
  return { attempts, staging: [...host.staging].sort() };
}

/**
 * `removeCommand`: the queue's record first, then the manifest, the data, and the claim last, which stays with what cannot
 * be removed.
 */
export function* remove(host: SimHost, { token, job }: AttemptRef): Command<'removed' | 'not_yet'> {
  const directory = host.directoryOf(token);
  if (directory !== null && host.hides(token) !== null) return 'not_yet';
  if (directory?.manifest === true) yield* take(host, directory, { who: 'mqi', why: 'it is removed' });
  if (host.kind === 'pueue') {
    host.queue.demand();
    takeOut(host, { token, job }, ['held', 'queued', 'ended']);
    if (host.queue.find(token) !== null) throw new HostProblem('queue', 'the queue still has its task');
  }
  yield;
  if (directory === null) return 'removed';
  directory.manifest = false;
  host.ground.witness.removed(token);
  yield;
  directory.script = null;
  directory.end = null;
  directory.outputs = null;
  yield;
  if (host.oddities.is('stuck', token)) return 'not_yet';
  directory.claim = null;
  if (host.directories.get(token) === directory) host.directories.delete(token);
  return 'removed';
}

/** `sweepStagingCommand`: returns those that stay. */
export function* sweepStaging(host: SimHost, tokens: readonly string[]): Command<readonly string[]> {
  yield;
  const stuck = tokens.filter((token) => host.oddities.is('stuck', token));
  for (const token of tokens) if (!stuck.includes(token)) host.staging.delete(token);
  return stuck;
}
