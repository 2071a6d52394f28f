/**
 * The messages of `@statelyai/inspect`, as they travel: one JSON object a message. What they mean to a viewer: an
 * actor with its machine's definition; an event that an actor got; the state that it is in after it.
 */
export type InspectionMessage = ActorMessage | EventMessage | SnapshotMessage;

/** The release of `@statelyai/inspect` whose messages these are: viewers ask that the field is there. */
export const PROTOCOL_VERSION = '0.7.2';

type Fields = Readonly<Record<string, unknown>>;

interface Envelope {
  /** The actor: one attempt of a case, `CASE/ATTEMPT`. */
  readonly sessionId: string;
  readonly rootId: string;
  /** Wall clock, milliseconds since 1970, as text. */
  readonly createdAt: string;
  /** The journal row that it comes from, and which message of it: grows, and is the same in each replay. */
  readonly id: string;
  readonly _version: string;
}

export interface InspectedSnapshot {
  readonly status: 'active' | 'done';
  /** A state value of XState: `completed`, or `{ running: 'queued' }`. */
  readonly value: string | Fields;
  readonly context: Fields;
  readonly tags: readonly string[];
}

export interface ActorMessage extends Envelope {
  readonly type: '@xstate.actor';
  readonly name: string;
  /** The machine's definition, JSON. */
  readonly definition: string;
  readonly snapshot: InspectedSnapshot;
}

export interface EventMessage extends Envelope {
  readonly type: '@xstate.event';
  readonly event: InspectedEvent;
}

export interface SnapshotMessage extends Envelope {
  readonly type: '@xstate.snapshot';
  /** The event that led to it. */
  readonly event: InspectedEvent;
  readonly snapshot: InspectedSnapshot;
}

export type InspectedEvent = Fields & { readonly type: string };
