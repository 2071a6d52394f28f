import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { descendantsOf } from './processes.ts';

/** Where the real parts for tests lie; they are built once and cached by CI. */
const MQI_LAB = process.env['MQI_LAB'] ?? '/var/cache/mqi-lab';

export const PUEUE_VERSIONS = ['4.0.4', '3.4.1'] as const;
export type PueueVersion = (typeof PUEUE_VERSIONS)[number];

export function pueueBinaries(version: PueueVersion): string {
  return path.join(MQI_LAB, `pueue-${version}`, 'bin');
}

export function hasPueue(version: PueueVersion): boolean {
  return ['pueue', 'pueued'].every((name) => existsSync(path.join(pueueBinaries(version), name)));
}

/** A pueue daemon of the test's own, on a socket of its own. */
export interface PueueDaemon {
  readonly config: string;
  /** The client; absolute. */
  readonly client: string;
  readonly dataDirectory: string;
  /** Of the daemon that runs now. */
  readonly pid: number;
  /** Resolves when that daemon has ended, whoever ended it. */
  ended(): Promise<void>;
  /** Runs the client; resolves with what it said, whatever its exit code. */
  pueue(...args: string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  /** Has whatever daemon answers shut down; resolves when it has taken its socket and its pid file away. */
  shutdown(): Promise<void>;
  /** Starts the daemon again, over the state that it left. None may be running. */
  start(): Promise<void>;
  /** Ends the daemon: TERM ends its jobs as well, KILL leaves them alive. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  close(): Promise<void>;
}

const run = promisify(execFile);

/**
 * `dataDirectory`: where the daemon keeps its state, when it has to be a special place. `prefix`: the command in front of
 * the daemon, for one that runs on another machine (`lab/machine`).
 */
export async function startPueue(
  version: PueueVersion,
  groups: readonly string[],
  options: { readonly dataDirectory?: string; readonly prefix?: readonly string[] } = {},
): Promise<PueueDaemon> {
  // a socket's path holds 107 bytes
  const directory = mkdtempSync(path.join(tmpdir(), 'mqi-pq-'));
  const runtime = path.join(directory, 'run');
  const dataDirectory = options.dataDirectory ?? path.join(directory, 'data');
  for (const made of [runtime, dataDirectory]) mkdirSync(made, { recursive: true });
  const socket = path.join(runtime, 'p.sock');
  const pidFile = path.join(runtime, 'pueue.pid');
  const config = path.join(directory, 'pueue.yml');
  writeFileSync(
    config,
    `client: {}
daemon: {}
shared:
  pueue_directory: ${dataDirectory}
  runtime_directory: ${runtime}
  alias_file: ${directory}/aliases.yml
  use_unix_socket: true
  unix_socket_path: ${socket}
  pid_path: ${pidFile}
`,
  );
  const binaries = pueueBinaries(version);
  const client = path.join(binaries, 'pueue');
  let daemon: ChildProcess | null = null;
  let pid = 0;

  async function pueue(...args: string[]) {
    try {
      const { stdout, stderr } = await run(client, ['-c', config, ...args], { env: { PATH: process.env['PATH'] } });
      return { code: 0, stdout, stderr };
    } catch (error) {
      const failed = error as { code?: unknown; stdout?: string; stderr?: string };
      return { code: Number(failed.code), stdout: failed.stdout ?? '', stderr: failed.stderr ?? '' };
    }
  }

  async function start(): Promise<void> {
    rmSync(socket, { force: true });
    rmSync(pidFile, { force: true });
    const [command, ...args] = [...(options.prefix ?? []), path.join(binaries, 'pueued'), '-c', config];
    daemon = spawn(command, args, { stdio: 'ignore', cwd: directory });
    await answering();
    // what enters another machine stays outside and waits for it
    pid = options.prefix === undefined ? daemon.pid! : descendantsOf(daemon.pid!)[0]!.pid;
  }

  async function answering(): Promise<void> {
    const limit = Date.now() + 60_000;
    while ((await pueue('status', '--json')).code !== 0) {
      if (Date.now() > limit) throw new Error(`pueued ${version} does not come up`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function shutdown(): Promise<void> {
    await pueue('shutdown');
    // pueue 4 answers a third of a second before it removes them, and would remove those of the next daemon
    const limit = Date.now() + 60_000;
    while (existsSync(pidFile)) {
      if (Date.now() > limit) throw new Error(`pueued ${version} does not shut down`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function ended(): Promise<void> {
    const ending = daemon;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    await new Promise((resolve) => ending.once('exit', resolve));
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const closed = ended();
    const kill = (name: NodeJS.Signals): void => {
      if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
      process.kill(pid, name);
    };
    kill(signal);
    // one that hangs does not hear a TERM
    const patience = setTimeout(() => kill('SIGKILL'), 5_000);
    await closed;
    clearTimeout(patience);
  }

  await start();
  for (const group of groups) await pueue('group', 'add', group);
  return {
    config,
    client,
    dataDirectory,
    get pid() {
      return pid;
    },
    pueue,
    ended,
    shutdown,
    start,
    end,
    close: async () => {
      await end('SIGTERM');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
