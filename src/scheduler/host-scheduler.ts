import type { Dialect } from './dialect.ts';
import { revoke, stop } from './end.ts';
import type { HostSession, SchedulerOptions } from './host-session.ts';
import { prepare, remove, sweepStaging, takeOverRoot } from './keep.ts';
import type { Scheduler } from './scheduler.ts';
import { create, find, release } from './submit.ts';
import { copied, gpus, list, look } from './watch.ts';

/**
 * What all schedulers have in common: the root, the receipts and the processes of a host. The dialect adds what its
 * queue is asked and says. Keeps no state.
 */
export function createScheduler(dialect: Dialect, options: SchedulerOptions): Scheduler {
  if (!/^[a-z0-9]+$/.test(options.instance)) throw new Error(`not an instance id: ${JSON.stringify(options.instance)}`);
  const session: HostSession = { dialect, options };
  return {
    kind: dialect.kind,
    prepare: (signal, mayMake) => prepare(session, mayMake, signal),
    takeOver: (signal) => takeOverRoot(options, signal),
    create: (request, signal) => create(session, request, signal),
    find: (token, signal) => find(session, token, signal),
    release: (attempt, signal) => release(session, attempt, signal),
    stop: (attempt, why, signal) => stop(session, attempt, why, signal),
    revoke: (attempt, why, signal) => revoke(session, attempt, why, signal),
    look: (tokens, signal) => look(session, tokens, signal),
    gpus: (signal) => gpus(session, signal),
    list: (signal) => list(session, signal),
    copied: (from, tokens, signal) => copied(session, from, tokens, signal),
    remove: (attempt, signal) => remove(session, attempt, signal),
    sweepStaging: (tokens, signal) => sweepStaging(session, tokens, signal),
  };
}
