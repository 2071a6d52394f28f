import type { Blind, GpusOutcome, Look } from '../../../src/scheduler/scheduler.ts';

/** What the daemon does to the outside world. */
export type Act = 'send' | 'create' | 'find' | 'release' | 'stop' | 'revoke' | 'fetch' | 'remove';

/** Stands beside the ports and sees every call: an act is held against what was committed before it. */
export interface Overseer {
  acts(act: Act, token: string, signal: AbortSignal): void;
  /** An operation on the host could not see, or its connection was lost. */
  wentBlind(host: string): void;
  /** Returns the moment, on the virtual clock. */
  lookStarts(): number;
  /** Returns in what spell of sight it began. */
  probeStarts(host: string): number;
  probed(host: string, outcome: GpusOutcome, sight: number): void;
  looked(host: string, tokens: readonly string[], outcome: Look | Blind, startedAtMs: number): void;
}
