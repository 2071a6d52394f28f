import { initialTransition, transition } from 'xstate';
import type { SnapshotFrom } from 'xstate';

import { linkMachine } from '../../../machines/index.ts';
import type { LinkEvent } from '../../../machines/index.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Node } from '../../domain/job.ts';
import type { BlindCause } from '../../domain/observation.ts';
import type { Blind } from '../../scheduler/scheduler.ts';
import type { LeftRoot, Stray } from '../../store/left-root.ts';
import { changed, objectionToName, objectionToRoot } from './changed-root.ts';
import { createDeadline } from '../work/deadline.ts';
import type { Host } from './host.ts';

/** On a new connection the root must be prepared and the queue looked at within this; then it counts as failed. */
const READY_TIMEOUT_MS = 60_000;

export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'online'; readonly node: Node; readonly notices: readonly string[] }
  | { readonly kind: 'offline'; readonly cause: BlindCause; readonly reason: string; readonly retryInMs: number };

/** The circuit breaker of one host: whoever finds it blind says so, and nobody works there until it is online again. */
export interface Link {
  start(): void;
  isOnline(): boolean;
  /** From any operation that could not see. Idempotent while offline. */
  lost(blind: Pick<Blind, 'cause' | 'reason'>): void;
  /** All that lies on the host was reconciled: only now its failures are forgotten. */
  proven(): void;
  /** Somebody mended it: the next connection is tried now. */
  retry(): void;
  stop(): Promise<void>;
}

export function createLink(deps: {
  readonly host: Host;
  readonly clock: Clock;
  /** False once the root was used: then one that is not there is missed, never made anew. */
  readonly mayMakeRoot: () => boolean;
  /** Not null when its root is another one than the one that its jobs lie in. */
  readonly leftRoot: () => LeftRoot | null;
  /** What counts on hosts that left the configuration: it may have been this one, under another name. */
  readonly strays: () => readonly Stray[];
  readonly onState: (state: LinkState) => void;
}): Link {
  const { host, clock, onState } = deps;
  const stopping = new AbortController();
  let snapshot: SnapshotFrom<typeof linkMachine> = initialTransition(linkMachine, { host: host.name })[0];
  let connecting: Promise<void> = Promise.resolve();
  let cancelBackoff = (): void => {};

  const send = (event: LinkEvent): boolean => {
    const before = snapshot;
    [snapshot] = transition(linkMachine, before, event);
    return snapshot !== before;
  };

  const fail = (type: 'link.failed' | 'link.lost', cause: BlindCause, reason: string): void => {
    if (stopping.signal.aborted || !send({ type, reason, jitter: clock.random() })) return;
    const { retryInMs } = snapshot.context;
    onState({ kind: 'offline', cause, reason, retryInMs });
    cancelBackoff = clock.after(retryInMs, again);
  };

  const again = (): void => {
    cancelBackoff();
    if (send({ type: 'backoff.over' })) begin();
  };

  const connect = async (): Promise<void> => {
    const connected = await host.transport.connect(stopping.signal);
    if (connected.kind === 'failed') return fail('link.failed', 'link', connected.reason);
    const deadline = createDeadline(clock, READY_TIMEOUT_MS, stopping.signal);
    const blind = await open(deadline.signal);
    deadline.clear();
    if (blind === null) return;
    const isLate = deadline.signal.aborted && !stopping.signal.aborted;
    fail('link.failed', blind.cause, isLate ? `it did not answer within ${READY_TIMEOUT_MS / 1_000} s` : blind.reason);
  };

  /** What keeps a host that was connected to from being worked with. */
  const open = async (signal: AbortSignal): Promise<Pick<Blind, 'cause' | 'reason'> | null> => {
    const prepared = await host.scheduler.prepare(signal, deps.mayMakeRoot());
    const left = deps.leftRoot();
    if (prepared.kind === 'blind')
      return left !== null && prepared.cause === 'garbled' ? changed(host, left) : prepared;
    // a queue that does not answer is as blind as a link that is down
    const look = await host.scheduler.look([], signal);
    if (look.kind === 'blind') return look;
    const objection = left === null ? null : await objectionToRoot(host, left, signal);
    if (objection !== null) return objection;
    const renamed = await objectionToName(host, deps.strays(), signal);
    if (renamed !== null) return renamed;
    if (!stopping.signal.aborted && send({ type: 'link.opened' }))
      onState({ kind: 'online', node: look.node, notices: look.notices });
    return null;
  };

  const begin = (): void => {
    if (stopping.signal.aborted) return;
    onState({ kind: 'connecting' });
    connecting = connect();
  };

  host.transport.onLost((reason) => fail('link.lost', 'link', reason));

  return {
    start: begin,
    isOnline: () => snapshot.value === 'online',
    lost: ({ cause, reason }) => {
      if (snapshot.value === 'online') fail('link.lost', cause, reason);
    },
    proven: () => void send({ type: 'link.proven' }),
    retry: () => again(),
    async stop() {
      stopping.abort();
      cancelBackoff();
      await connecting;
      await host.transport.close();
    },
  };
}
