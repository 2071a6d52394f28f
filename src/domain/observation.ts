import type { End, QueueResult } from './job.ts';

/**
 * What one look says of one case.
 *
 * `unknown` changes nothing. `missing` is no end: it leads to `stopping`, whose work is the proof. `lingering`: the job
 * wrote its end, but processes with its token are still there, so its slot is not free yet.
 */
export type Observation =
  | { readonly kind: 'held' }
  | { readonly kind: 'queued' }
  | { readonly kind: 'suspended' }
  /** `aside`: what the queue says to the contrary; its processes are there. */
  | { readonly kind: 'executing'; readonly aside?: string }
  | { readonly kind: 'lingering' }
  | { readonly kind: 'ended'; readonly end: End }
  | { readonly kind: 'missing'; readonly queue: QueueResult | null }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Why a host could not be seen: its connection, its queue, or an answer that nobody can parse. */
export type BlindCause = 'link' | 'queue' | 'garbled';
