import type { Oddity } from '../host/oddities.ts';
import type { CutKind, Flakiness } from '../network/wire.ts';

/**
 * One thing that goes wrong, or that an operator does. Hosts and cases are named by their number; `busy` is a case that
 * has a slot at that moment.
 */
export type Fault =
  | { readonly kind: 'crash'; readonly downMs: number }
  /** The database is set back to the last backup while the daemon is down. */
  | { readonly kind: 'restore'; readonly downMs: number }
  | { readonly kind: 'back up' }
  | { readonly kind: 'graceful stop'; readonly downMs: number }
  | { readonly kind: 'freeze'; readonly forMs: number }
  | { readonly kind: 'database full'; readonly forMs: number }
  | { readonly kind: 'results full'; readonly forMs: number }
  | { readonly kind: 'clock jump'; readonly byMs: number }
  | { readonly kind: 'folder changes'; readonly case: number }
  | { readonly kind: 'cut'; readonly host: number; readonly cut: CutKind; readonly forMs: number }
  | { readonly kind: 'flaky'; readonly host: number; readonly flakiness: Flakiness; readonly forMs: number }
  | {
      readonly kind: 'slow';
      readonly host: number;
      readonly what: 'everything' | 'looks';
      readonly slowness: number;
      readonly forMs: number;
    }
  | { readonly kind: 'power cut'; readonly host: number; readonly downMs: number }
  | { readonly kind: 'queue crash'; readonly host: number; readonly downMs: number }
  | { readonly kind: 'disk full'; readonly host: number; readonly forMs: number }
  | { readonly kind: 'odd receipts'; readonly host: number; readonly forMs: number }
  | { readonly kind: 'unmounted'; readonly host: number; readonly forMs: number }
  /** One attempt on a host is odd: of those there at that moment the `nth`. */
  | {
      readonly kind: 'odd attempt';
      readonly host: number;
      readonly nth: number;
      readonly oddity: Oddity;
      readonly forMs: number;
    }
  /** The folder of a case is not there: somebody deleted it, or its disk is not mounted. */
  | {
      readonly kind: 'folder goes';
      readonly case: number;
      readonly how: 'deleted' | 'unmounted';
      readonly forMs: number;
    }
  /** The disk that the folder of a case lies on does not answer. */
  | { readonly kind: 'folder hangs'; readonly case: number; readonly forMs: number }
  /** Somebody else computes on the GPU of a slot; slots are named by their number. */
  | { readonly kind: 'stranger'; readonly host: number; readonly slot: number; readonly forMs: number }
  | { readonly kind: 'driver fails'; readonly host: number; readonly forMs: number }
  | { readonly kind: 'hand'; readonly host: number; readonly hand: HostHand }
  | { readonly kind: 'order'; readonly case: number | 'busy'; readonly order: PlannedOrder }
  | { readonly kind: 'hasty'; readonly case: number | 'busy'; readonly deed: HastyDeed };

/** What an operator does at the host itself. */
export type HostHand =
  /** A bare `enqueue`: every held job is let go. */
  | 'release held'
  | 'kill wrapper'
  | 'kill payload'
  | 'kill all'
  | 'kill entry'
  | 'clean queue'
  | 'suspend'
  | 'resume'
  | 'pause groups'
  | 'start groups'
  /** A second start of a job that was started already. */
  | 'start again';

/** `redo`: cancelled, and tried again a little later. */
export type PlannedOrder =
  | 'cancel'
  | 'redo'
  | 'retry'
  | 'pause'
  | 'resume'
  | 'abandon'
  | 'adopt'
  | 'limit'
  | 'clear slots'
  | 'kill orphans';

/** What an operator types who does not look before. */
export type HastyDeed =
  | 'clear'
  | 'cancel and retry'
  | 'abandon and clear'
  | 'abandon, clear and retry'
  | 'adopt anything'
  | 'kill anything'
  | 'pause and resume';

/** At a moment, or as soon as the daemon has passed a place so many times: that hits the narrow windows. */
export type When =
  | { readonly atMs: number }
  | { readonly point: string; readonly passing: number; readonly delayMs: number };

export interface Planned {
  readonly number: number;
  readonly when: When;
  readonly fault: Fault;
}

export function describePlanned({ number, when, fault }: Planned): string {
  const moment =
    'atMs' in when
      ? `at ${(when.atMs / 1000).toFixed(1)} s`
      : `${Math.round(when.delayMs)} ms after passing ${when.passing} of ${when.point}`;
  const { kind, ...rest } = fault;
  return `#${number} ${moment}: ${kind} ${JSON.stringify(rest)}`;
}
