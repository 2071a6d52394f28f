import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { formatToken } from '../../src/domain/attempt.ts';
import type { JobSpec } from '../../src/scheduler/scheduler.ts';
import type { RunOptions, RunOutcome, Transport } from '../../src/transport/transport.ts';

/** A host of the test's own: a root in a temporary directory, commands run by the real sh. */
export interface Lab {
  readonly root: string;
  readonly instance: string;
  readonly transport: Pick<Transport, 'run'>;
  /** As `transport`, but each command and all that it started is killed after so long. */
  cut(afterMs: number): Pick<Transport, 'run'>;
  /** Every command that was run, in order. */
  readonly commands: string[];
  token(caseId?: string, attempt?: number): string;
  /** What an upload leaves: the attempt's directory with `inputs/` and `manifest`. */
  stage(token: string): string;
  directory(token: string): string;
  /** Ends what the test's jobs left, by their tokens, and removes the root. */
  close(): Promise<void>;
}

let made = 0;

/** `shell`: what `sh` is on this host; the machine's own when it is left out. `through`: how the host is reached. */
export function createLab(shell?: string, through?: Pick<Transport, 'run'>): Lab {
  const root = mkdtempSync(path.join(tmpdir(), 'mqi-lab '));
  made += 1;
  const instance = `t${process.pid}x${made}`;
  const commands: string[] = [];
  const bin = path.join(root, '.bin');
  if (shell !== undefined) {
    mkdirSync(bin);
    symlinkSync(shell, path.join(bin, 'sh'));
  }
  const environment = shell === undefined ? process.env : { ...process.env, PATH: `${bin}:${process.env['PATH']!}` };
  let drawn = 0;
  const directory = (token: string): string => path.join(root, 'attempts', token);
  return {
    root,
    instance,
    commands,
    transport: {
      run: (command, options) => {
        commands.push(command);
        return through === undefined ? runShell(command, options, environment) : through.run(command, options);
      },
    },
    cut: (afterMs) => ({ run: (command, options) => runShell(command, options, environment, afterMs) }),
    token: (caseId = 'case1', attempt = 1) => {
      drawn += 1;
      return formatToken({ instance, caseId, attempt, random: `r${drawn}` });
    },
    directory,
    stage: (token) => {
      mkdirSync(path.join(directory(token), 'inputs'), { recursive: true });
      writeFileSync(path.join(directory(token), 'manifest'), '');
      return directory(token);
    },
    close: async () => {
      await until(() => {
        const left = processesOf(`mqi-${instance}-`);
        for (const pid of left) kill(pid);
        return left.length === 0;
      });
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The transport port's `run`, on this machine. */
function runShell(
  command: string,
  options: RunOptions,
  env: NodeJS.ProcessEnv,
  killAfterMs?: number,
): Promise<RunOutcome> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', command], { detached: true, cwd: '/', env });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const timer = setTimeout(() => {
      resolve({ kind: 'unknown', sent: true, reason: 'timeout' });
    }, options.timeoutMs);
    const killing = killAfterMs === undefined ? undefined : setTimeout(() => kill(-child.pid!), killAfterMs);
    const aborted = (): void => resolve({ kind: 'unknown', sent: true, reason: 'aborted' });
    options.signal?.addEventListener('abort', aborted);
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      clearTimeout(killing);
      options.signal?.removeEventListener('abort', aborted);
      resolve(
        exitCode === null
          ? { kind: 'unknown', sent: true, reason: 'killed' }
          : { kind: 'done', exitCode, stdout, stderr },
      );
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
  });
}

/** Live processes whose environment has MQI_TOKEN beginning with `start`: an eye of its own, not the one under test. */
export function processesOf(start: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8')
          .split('\0')
          .some((line) => line.startsWith(`MQI_TOKEN=${start}`));
      } catch {
        return false;
      }
    });
}

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Only for processes that the test started. */
export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it was faster
  }
}

/** Waits for a condition, not for a time: it is asked every 10 ms, and must hold within a minute. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('what was waited for did not come');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function spec(token: string, change: Partial<JobSpec> = {}): JobSpec {
  return {
    token,
    queue: null,
    slot: 'gpu 1/slot/0',
    command: 'echo ran >> ran',
    prologue: null,
    env: {},
    ...change,
  };
}

export function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

export const isRoot = process.getuid?.() === 0;

/** A small file system of its own, which a test fills. Returns what takes it away again. */
export function mountSmall(directory: string, sizeKiB = 16): () => void {
  mkdirSync(directory, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKiB}k`, 'tmpfs', directory]);
  return () => execFileSync('umount', ['-l', directory]);
}

/** Takes the last byte of a file system. */
export function fillUp(file: string): void {
  for (let size = 65_536; size > 0;) {
    try {
      writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch {
      size = Math.floor(size / 2);
    }
  }
}
