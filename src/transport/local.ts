import { spawn as spawnProcess } from 'node:child_process';

import type { Clock } from '../domain/clock.ts';
import { createTransport } from './create-transport.ts';
import type { RemoteProcess, Spawn, Transport } from './transport.ts';

/**
 * What a login shell would have of our environment. The daemon's own settings (and whatever a service manager gave it)
 * do not leak into jobs; the XDG directories are where a queue daemon of the same user is found.
 */
const PASSED_ON = [
  'HOME',
  'PATH',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'TZ',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
];

function minimalEnvironment(extra: Readonly<Record<string, string>>): Record<string, string> {
  const passed = PASSED_ON.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { PATH: '/usr/local/bin:/usr/bin:/bin', ...Object.fromEntries(passed), ...extra };
}

/**
 * A shell on this machine, in a session of its own: a signal to our process group (Ctrl-C, a service manager's stop)
 * does not reach it, as it would not on a remote host.
 */
export function createLocalSpawn(extraEnvironment: Readonly<Record<string, string>> = {}): Spawn {
  return (command) =>
    new Promise((resolve, reject) => {
      const child = spawnProcess('/bin/sh', ['-c', command], {
        detached: true,
        stdio: 'pipe',
        // never the daemon's own directory: a job must not keep it from being unmounted
        cwd: '/',
        env: minimalEnvironment(extraEnvironment),
      });
      child.once('error', reject);
      const ended: RemoteProcess['ended'] = new Promise((resolveEnd) => {
        child.once('close', (exitCode, signal) => {
          resolveEnd(exitCode === null ? { exitCode, reason: `ended by signal ${signal ?? 'unknown'}` } : { exitCode });
        });
      });
      const abandon = (): void => {
        child.stdin.destroy();
        child.stdout.destroy();
        child.stderr.destroy();
        child.unref();
      };
      child.once('spawn', () => {
        // a command that does not want its input is no error of ours
        child.stdin.on('error', () => {});
        resolve({ stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, abandon });
      });
    });
}

export const spawnLocal: Spawn = createLocalSpawn();

export interface LocalOptions {
  readonly clock: Clock;
  /** Added to the few variables that are passed on. */
  readonly env?: Readonly<Record<string, string>>;
}

/** This machine as a host: there is nothing to connect to, and nothing that can be lost. */
export function createLocalTransport({ clock, env }: LocalOptions): Transport {
  return createTransport({
    kind: 'local',
    spawn: env === undefined ? spawnLocal : createLocalSpawn(env),
    clock,
    lifecycle: {
      connect: () => Promise.resolve({ kind: 'connected' }),
      onLost: () => {},
      close: () => Promise.resolve(),
    },
  });
}
