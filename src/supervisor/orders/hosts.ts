import type { Host } from '../host/host.ts';

/** What orders that act on a host itself need of it. */
export interface OrderHosts {
  /** All of the configuration. */
  readonly names: readonly string[];
  /** Null for one that is not in the configuration. */
  host(name: string): Host | null;
  isOnline(name: string): boolean;
  /** It is being connected to for the first time since start-up: whether it can be seen nobody knows yet. */
  isAwaited(name: string): boolean;
  /** Asks for its attempts to be reconciled again, and for work. */
  reconcile(name: string): void;
  /** Somebody mended it: the next connection is tried now. */
  retry(name: string): void;
}
