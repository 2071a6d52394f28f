import type { Clock } from '../domain/clock.ts';
import { DAEMON } from '../domain/trouble.ts';
import type { Troubles } from '../domain/trouble.ts';
import type { Store, Tx } from '../store/database.ts';
import type { LogIntake } from './event.ts';
import type { Ledger } from './ledger.ts';
import type { TemporaryName } from './names.ts';
import type { SignOptions } from './signature.ts';
import type { Unsettled } from './unsettled.ts';

/** The part of the configuration that the intake needs. */
export interface WatchSettings {
  /** Absolute. */
  readonly path: string;
  readonly quietPeriodMs: number;
  readonly readyMarker: string | null;
  /** How many levels below `path` the cases lie. */
  readonly depth: number;
  /** Globs for one name of a folder or a file that is not finished. */
  readonly ignore: readonly string[];
  readonly rescanEveryMs: number;
}

/** A folder that was read whole and may become a case. */
export interface FoundCase {
  /** Absolute. */
  readonly path: string;
  /** Below the watched directory, parts joined by `/`. */
  readonly name: string;
  /** SHA-256 of its manifest's text, hex. */
  readonly fingerprint: string;
  readonly files: number;
  readonly sizeBytes: number;
}

export interface Admission {
  /** Makes it a case in one transaction; `also` runs in the same one. Returns the new case's id; throws when the store does. */
  admit(found: FoundCase, also: (tx: Tx, caseId: string) => void): string;
}

/** What every step of the intake works with. */
export interface Desk {
  readonly store: Store;
  readonly clock: Clock;
  readonly watch: WatchSettings;
  readonly admission: Admission;
  readonly log: LogIntake;
  readonly troubles: Troubles;
  readonly ledger: Ledger;
  readonly unsettled: Unsettled;
  readonly isTemporaryName: TemporaryName;
  /** Aborts when the intake stops. */
  readonly signal: AbortSignal;
}

/**
 * Runs a write of the store. False when it failed: told once, and whatever it was about stays as it is.
 * `unwritten` comes from a write that found nothing to write, which proves nothing.
 */
export function tryWrite(desk: Desk, write: () => void | 'unwritten'): boolean {
  try {
    if (write() !== 'unwritten') desk.troubles.over(DAEMON, 'database');
    return true;
  } catch (error) {
    desk.troubles.note(DAEMON, 'database', error);
    return false;
  }
}

export function signOptions(desk: Desk): SignOptions {
  return { isTemporaryName: desk.isTemporaryName, readyMarker: desk.watch.readyMarker, signal: desk.signal };
}
