import { execFile } from 'node:child_process';

import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../supervisor/log.ts';
import { reasonOf } from '../../supervisor/log.ts';
import type { PulseReader } from '../pulse.ts';

/** A helper that hangs must not pile up. */
const HELPER_MS = 10_000;

/** systemd, where it started us; otherwise nobody. */
export interface ServiceManager {
  /** Everything is up; from now on the watchdog is fed, as long as the supervisor ticks. */
  ready(status: string): void;
  stopping(): Promise<void>;
}

/** What systemd says to a service in its environment. */
export interface ServiceEnvironment {
  readonly socket: string;
  /** Null: no watchdog, or it is meant for another process. */
  readonly watchdogMs: number | null;
}

/** Takes it out of the environment too: jobs and sinks that we start are not to speak for us. */
export function takeServiceEnvironment(env: NodeJS.ProcessEnv, pid: number): ServiceEnvironment | null {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec, WATCHDOG_PID: meant } = env;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name];
  if (socket === undefined || socket === '') return null;
  const isOurs = meant === undefined || meant === '' || Number(meant) === pid;
  const watchdogMs = isOurs && usec !== undefined && /^[1-9]\d*$/.test(usec) ? Number(usec) / 1_000 : null;
  return { socket, watchdogMs };
}

/**
 * Speaks through `systemd-notify`, since Node knows no datagram sockets of Unix. It waits until systemd has read the
 * message (`--no-block` would not): systemd could not tell whom a process that is gone belonged to.
 */
export function createServiceManager(deps: {
  readonly environment: ServiceEnvironment | null;
  readonly pulse: PulseReader;
  readonly clock: Clock;
  readonly log: Log;
}): ServiceManager {
  const { environment, pulse, clock, log } = deps;
  if (environment === null) return { ready: () => {}, stopping: () => Promise.resolve() };
  const { socket, watchdogMs } = environment;
  let said: string | null = null;
  let cancel = (): void => {};

  const notify = (...words: readonly string[]): Promise<void> =>
    new Promise((resolve) => {
      const env = { ...process.env, NOTIFY_SOCKET: socket };
      execFile('systemd-notify', words, { env, timeout: HELPER_MS, killSignal: 'SIGKILL' }, (error) => {
        const reason = error === null ? null : reasonOf(error);
        if (reason !== null && reason !== said) {
          log.warn({ service: 'unheard' }, `systemd cannot be told how the daemon fares (systemd-notify): ${reason}`);
        }
        said = reason;
        resolve();
      });
    });

  /** Only what the supervisor did since the last time counts: a process that merely lives is not well. */
  const feed = (everyMs: number, seen: number): void => {
    const beats = pulse.beats();
    if (beats > seen) void notify('WATCHDOG=1');
    cancel = clock.after(everyMs, () => feed(everyMs, beats));
  };

  return {
    ready(status) {
      void notify('--ready', `--status=${status}`);
      // systemd asks for half of it; a third leaves room for one that comes late
      if (watchdogMs !== null) feed(watchdogMs / 3, 0);
    },
    async stopping() {
      cancel();
      await notify('STOPPING=1', '--status=stopping');
    },
  };
}
