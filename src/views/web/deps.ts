import type { Clock } from '../../domain/clock.ts';
import type { Store } from '../../store/database.ts';
import type { Reader } from '../../store/queries.ts';
import type { WhyConfig } from '../why.ts';
import type { FileSystem } from './disk.ts';
import type { People } from './people.ts';

/** A reader that notices what others commit. */
export interface WatchedReader extends Reader {
  /** Another number whenever another connection has committed since. */
  version(): number;
}

/** What the page knows of the configuration. */
export interface WebSite {
  /** Of the program. */
  readonly release: string;
  /** Of the installation; names the cookie, since browsers share cookies between the ports of a machine. */
  readonly instance: string;
  readonly watch: string;
  readonly results: string;
  readonly database: string;
  readonly holder: { readonly pid: number; readonly host: string; readonly since: string };
  readonly hostnames: readonly string[];
  /** Who is told of what happens. */
  readonly sinks: readonly { readonly name: string; readonly type: string }[];
  /** Others can reach it too: then reading needs the token. */
  readonly isPublic: boolean;
  readonly why: WhyConfig;
}

/** The end of a log of a job; `from` is where the text begins in it. */
export type LogTail =
  | { readonly kind: 'text'; readonly text: string; readonly from: number; readonly sizeBytes: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'blind'; readonly reason: string };

/** How the daemon's own thread fares, as far as this one can tell. */
export interface Vitals {
  /** Since the supervisor last ticked, milliseconds; null: it has not yet. */
  tickAgeMs(): number | null;
  /** The longest that its event loop was held up lately. */
  lagMs(): number;
}

export interface WebLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface WebDeps {
  /** Everything shown is read from here. */
  readonly reader: WatchedReader;
  /** Only for `recordOrder`. */
  readonly orders: Store;
  readonly clock: Clock;
  /** Results and inputs are read through it; it may stand still. */
  readonly fs: FileSystem;
  readonly site: WebSite;
  readonly people: People;
  /** The log of a job that runs, from its host, through the daemon. Never rejects. */
  readonly tail: (host: string, token: string, stream: 'stdout' | 'stderr') => Promise<LogTail>;
  /** How long ago the daemon's own thread last said that it goes on: the page is served by another one. */
  readonly sincePulseMs: () => number;
  readonly vitals: Vitals;
  readonly log: WebLog;
  /** Ends the event streams. */
  readonly signal: AbortSignal;
}
