import type { Clock } from '../domain/clock.ts';

/** How to reach a host over SSH; null: as the user's ssh config says. */
export interface SshOptions {
  /** A name of the ssh config, or a host name or address. */
  readonly host: string;
  readonly port: number | null;
  readonly user: string | null;
  /** Private key file, absolute; then no other key is tried, except the same one out of the agent. */
  readonly identity: string | null;
  /** A file whose first line is the passphrase of the keys. */
  readonly passphraseFile: string | null;
  /** Absolute; then no other file is asked. */
  readonly knownHosts: string | null;
  readonly agent: boolean;
  readonly configFile: string | null;
  /** Channels a connection, at most. */
  readonly maxSessions: number;
  readonly connectTimeoutMs: number;
  /** A peer that is silent for four times this is taken for dead. */
  readonly keepaliveMs: number;
}

export interface SshEnvironment {
  readonly clock: Clock;
  /** Told, once each, what works worse than it could, and what of the ssh config is not used. */
  readonly onWarning?: (message: string) => void;
}
