/** What a page shares with the file that opens its stream. */
declare function mqiStream(tell: (message: StreamMessage) => void, address: string): void;

interface StreamMessage {
  readonly kind: 'found' | 'lost' | 'change' | 'tick' | 'beat';
  readonly offset?: number;
  readonly lostAt?: number | null;
  readonly foundAt?: number;
  readonly missed?: number;
  readonly last?: number | null;
  /** How long the daemon's own thread has been silent; the page is served by another one. */
  readonly daemonMs?: number;
  readonly cases?: readonly string[] | null;
}

/** Of a shared worker; DOM and worker types cannot be had together. */
declare const SharedWorkerGlobalScope: unknown;
