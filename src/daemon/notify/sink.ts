import type { Message } from './message.ts';

/** `failed`: nobody knows whether it arrived; it is sent again. */
export type Delivered = { readonly kind: 'delivered' } | { readonly kind: 'failed'; readonly reason: string };

/** Somebody who is told. */
export interface Sink {
  readonly name: string;
  /** One try, within `timeoutMs` of its configuration. Never rejects. */
  deliver(message: Message, signal: AbortSignal): Promise<Delivered>;
}
