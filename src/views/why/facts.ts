import type { StopReason } from '../../../machines/index.ts';
import type {
  AttemptRow,
  CandidateRow,
  HostRow,
  ListedCase,
  OrderRow,
  SlotWithCase,
  TroubleRow,
  Turn,
} from '../../store/queries.ts';

/** The few things of the configuration that an explanation needs. */
export interface WhyConfig {
  readonly hosts: readonly { readonly name: string; readonly stageAhead: number }[];
  /** The results folder, absolute. */
  readonly results: string;
  readonly quietPeriodMs: number;
  readonly readyMarker: string | null;
}

export type WhyDaemon =
  | { readonly running: true }
  /** `lastSignMs`: when one last left a trace in the database (wall clock); null when none ever did. */
  | { readonly running: false; readonly lastSignMs: number | null };

/** Everything that decides the sentence, and nothing else. */
export interface WhyFacts {
  readonly row: ListedCase;
  /** Why the job is being stopped, and how long processes have outlived it: from the snapshot. */
  readonly stop: StopReason | null;
  readonly lingerMs: number;
  readonly uploadTries: number;
  /** The attempt under way. */
  readonly attempt: AttemptRow | null;
  /** Attempts that might still run, or that an operator has to adopt or end; of a live case only earlier ones. */
  /** What is wrong with its attempt, and with those that hold it back. */
  readonly troubles: readonly TroubleRow[];
  readonly heldBackBy: readonly AttemptRow[];
  readonly turn: Turn | null;
  readonly hosts: readonly HostRow[];
  /** Of all hosts. */
  readonly slots: readonly SlotWithCase[];
  /** Cases staged, or travelling, on each host. */
  readonly staged: ReadonlyMap<string, number>;
  /** The database was restored from a backup, and not every host has been seen since. */
  readonly isRestored: boolean;
  /** What lies under the path of a case that is over, and is not what it was made of; else null. */
  readonly folder: CandidateRow | null;
  /** Orders for this case that no daemon has handled yet. */
  readonly openOrders: readonly OrderRow[];
  readonly config: WhyConfig;
  readonly daemon: WhyDaemon;
  readonly nowMs: number;
}

/** What a case or a folder waits for; a script can switch on it. */
type WaitsFor =
  | 'nothing'
  | 'operator'
  | 'daemon'
  | 'turn'
  | 'host'
  | 'upload'
  | 'slot'
  | 'submission'
  | 'queue'
  | 'job'
  | 'proof'
  | 'collection'
  | 'settling';

/** `says` begins with a verb; whoever puts it into a sentence names the subject. */
export interface Because {
  readonly waitsFor: WaitsFor;
  readonly says: string;
  /** The next command to type, where a person can act. */
  readonly next: string | null;
  /** A page that says more, in the folder of this package. */
  readonly more?: string;
}

export interface Explanation {
  readonly waitsFor: WaitsFor;
  readonly sentence: string;
  readonly next: string | null;
  readonly more: string | null;
}
