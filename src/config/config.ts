import type { AlarmKind } from '../domain/alarm.ts';
import type { Listen } from './listen.ts';

/**
 * The configuration as the rest of the daemon sees it: every default filled in, every local path absolute, every
 * duration in milliseconds, every `count: N` expanded. Made only by `loadConfig`; the YAML is described in `schema.ts`.
 */
export interface Config {
  /** The file it was read from, absolute; null: there is none, these are the built-in defaults. */
  readonly file: string | null;
  /** What relative paths were resolved against: the file's folder, or the working directory. */
  readonly directory: string;
  readonly watch: WatchConfig;
  /** Collected results: `RESULTS/CASE/attempt-N`. Absolute. */
  readonly results: string;
  /** The SQLite file. Absolute. */
  readonly database: string;
  readonly job: JobConfig;
  /** At least one, in the order of the file. */
  readonly hosts: readonly HostConfig[];
  readonly web: WebConfig;
  readonly notify: NotifyConfig;
  /** How long the journal of a case stays after it ended. */
  readonly keep: { readonly journalMs: number };
  readonly log: { readonly level: LogLevel };
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface WebConfig {
  /**
   * Where the page is served. `default`: nothing was said, so `127.0.0.1:8787`, or another port of loopback where that
   * one is taken.
   */
  readonly listen: { readonly kind: 'off' } | { readonly kind: 'default' } | ({ readonly kind: 'at' } & Listen);
  /** Absolute; null: nobody can give orders. */
  readonly tokenFile: string | null;
  /** Beside the address itself and `localhost`. */
  readonly hostnames: readonly string[];
}

export interface WatchConfig {
  /** Absolute. */
  readonly path: string;
  readonly quietPeriodMs: number;
  /** A plain file name; null: only the quiet period tells that a folder is complete. */
  readonly readyMarker: string | null;
  /** How many levels below `path` the cases lie: 1 for `path/CASE`, 2 for `path/PATIENT/STUDY`. */
  readonly depth: number;
  /** Globs for one name (no `/`) of a folder or a file. */
  readonly ignore: readonly string[];
  readonly rescanEveryMs: number;
}

export interface JobConfig {
  /** A list is run as it is, a string by `sh -c`. Placeholders are still in it: `shellCommand` (command.ts) makes variables of them. */
  readonly command: CommandTemplate;
  readonly collect: readonly { readonly glob: string; readonly optional: boolean }[];
  readonly limitMs: number;
}

export type CommandTemplate = readonly string[] | string;

export interface HostConfig {
  readonly name: string;
  readonly transport: TransportConfig;
  readonly scheduler: SchedulerConfig;
  /** Absolute; on an ssh host also below `~/`, which the host expands. */
  readonly root: string;
  readonly prologue: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly observeEveryMs: number;
  /** A transfer without a byte for this long is a failure. */
  readonly stallMs: number;
  /** Between the request to end and SIGKILL. */
  readonly stopGraceMs: number;
  readonly keep: { readonly completedMs: number; readonly failedMs: number };
  /** Cases staged and waiting for a slot; null: one a slot. */
  readonly stageAhead: number | null;
  /** At least one; `count: N` is expanded to `NAME.1` … `NAME.N`. */
  readonly slots: readonly SlotConfig[];
}

export type TransportConfig = LocalTransportConfig | SshTransportConfig;

export interface LocalTransportConfig {
  readonly type: 'local';
}

export interface SshTransportConfig {
  readonly type: 'ssh';
  /** A name of the user's ssh config, or a host name or address. */
  readonly host: string;
  /** Null here and below: as the user's ssh config says. */
  readonly port: number | null;
  readonly user: string | null;
  /** Private key file, absolute. */
  readonly identity: string | null;
  /** File that holds the key's passphrase, absolute. */
  readonly passphraseFile: string | null;
  /** Absolute. */
  readonly knownHosts: string | null;
  /** May the ssh agent be asked? */
  readonly agent: boolean;
  /** The ssh config to resolve `host` with, absolute; null: the user's own. */
  readonly configFile: string | null;
  /** Channels a connection, at most. */
  readonly maxSessions: number;
  readonly connectTimeoutMs: number;
  readonly keepaliveMs: number;
}

export type SchedulerConfig =
  | { readonly type: 'direct' }
  /** Both are paths on the host, `~/` left for the host; null: as pueue finds them itself. */
  | { readonly type: 'pueue'; readonly config: string | null; readonly path: string | null };

export interface SlotConfig {
  readonly name: string;
  /** The pueue group; null where the scheduler has none. */
  readonly queue: string | null;
  /** By index or UUID, as nvidia-smi names them; empty: not compared with it. */
  readonly gpus: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface NotifyConfig {
  /** In the order of the file; none: nobody is told anything. */
  readonly sinks: readonly SinkConfig[];
  readonly hostUnreachableMs: number;
  readonly troubleMs: number;
  readonly diskFreeBytes: number;
  /** 1 to 99. */
  readonly nearLimitPercent: number;
  readonly groupMs: number;
  readonly giveUpMs: number;
}

export type SinkConfig = WebhookConfig | EmailConfig | CommandSinkConfig;

interface SinkCommon {
  readonly name: string;
  readonly on: readonly AlarmKind[];
  readonly timeoutMs: number;
}

export interface WebhookConfig extends SinkCommon {
  readonly type: 'webhook';
  readonly url: string;
  /** Absolute. */
  readonly secretFile: string;
}

export interface EmailConfig extends SinkCommon {
  readonly type: 'email';
  readonly smtp: string;
  readonly port: number;
  readonly security: 'starttls' | 'tls' | 'none';
  /** Null: no login. `passwordFile` is absolute. */
  readonly login: { readonly user: string; readonly passwordFile: string } | null;
  readonly from: string;
  readonly to: readonly string[];
}

export interface CommandSinkConfig extends SinkCommon {
  readonly type: 'command';
  readonly command: readonly string[];
}
