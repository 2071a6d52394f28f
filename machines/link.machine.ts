import { assertEvent, assign, setup } from 'xstate';

/** First pause after a lost connection, and the longest, milliseconds. */
export const LINK_BACKOFF_MS = { first: 1_000, longest: 60_000 } as const;

export interface LinkContext {
  readonly host: string;
  /** Times that it failed or was lost since the host was last proven: a connection alone proves nothing. */
  readonly failures: number;
  /** How long to wait before the next one, milliseconds, jitter included. */
  readonly retryInMs: number;
  readonly reason: string | null;
}

/** `jitter` is a number in [0, 1), drawn by whoever sends the event: the machine itself draws nothing. */
export type LinkEvent =
  | { readonly type: 'link.opened' }
  /** Everything on the host was seen and reconciled. */
  | { readonly type: 'link.proven' }
  | { readonly type: 'link.lost'; readonly reason: string; readonly jitter: number }
  | { readonly type: 'link.failed'; readonly reason: string; readonly jitter: number }
  | { readonly type: 'backoff.over' };

/** Doubling, from half to the whole of the step, so that many daemons do not knock at once. */
export function backoffMs(failures: number, jitter: number): number {
  const stepMs = Math.min(LINK_BACKOFF_MS.longest, LINK_BACKOFF_MS.first * 2 ** Math.max(0, failures - 1));
  return Math.round(stepMs * (0.5 + jitter / 2));
}

const isWanted = (): void => {};

/** The connection to one host: one circuit breaker for all its cases. In memory only. */
export const linkMachine = setup({
  types: { context: {} as LinkContext, events: {} as LinkEvent, input: {} as { readonly host: string } },
  actions: {
    connect: isWanted,
    wait: isWanted,
    noteOpened: assign({ retryInMs: 0, reason: null }),
    noteProven: assign({ failures: 0 }),
    noteLost: assign(({ context, event }) => {
      assertEvent(event, ['link.lost', 'link.failed']);
      return {
        failures: context.failures + 1,
        retryInMs: backoffMs(context.failures + 1, event.jitter),
        reason: event.reason,
      };
    }),
  },
}).createMachine({
  id: 'link',
  description:
    'Our connection to one host. While it is not online every case there is unreachable, and none is decided.',
  context: ({ input }: { input: { readonly host: string } | undefined }) => ({
    host: input?.host ?? '',
    failures: 0,
    retryInMs: 0,
    reason: null,
  }),
  initial: 'connecting',
  states: {
    connecting: {
      description: 'A connection is being made and the root of the host checked; its outcome moves it on.',
      entry: 'connect',
      on: {
        'link.opened': { target: 'online', actions: 'noteOpened' },
        'link.failed': { target: 'offline', actions: 'noteLost' },
        'link.lost': { target: 'offline', actions: 'noteLost' },
      },
    },
    online: {
      description:
        'The host answers. A lost connection, or a look that fails, moves it on; a whole reconcile heals it.',
      on: {
        'link.lost': { target: 'offline', actions: 'noteLost' },
        'link.proven': { actions: 'noteProven' },
      },
    },
    offline: {
      description: 'The host does not answer; after a growing pause the next connection is tried.',
      entry: 'wait',
      on: { 'backoff.over': { target: 'connecting' } },
    },
  },
});
