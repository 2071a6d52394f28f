import type { ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** A process that a test started. Its number alone is not enough: the kernel gives numbers out again. */
export interface Process {
  readonly pid: number;
  /** Clock ticks since boot (`/proc/PID/stat`, field 22). */
  readonly startTicks: string;
}

/** Null for one that has ended. A zombie has: PID 1 may take a second to bury one. */
export function processOf(pid: number): Process | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the name in parentheses may hold anything
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const startTicks = fields[19];
    return fields[0] === 'Z' || startTicks === undefined ? null : { pid, startTicks };
  } catch {
    return null;
  }
}

export function isRunning({ pid, startTicks }: Process): boolean {
  return processOf(pid)?.startTicks === startTicks;
}

/** All children of a process, and theirs. */
export function descendantsOf(pid: number): readonly Process[] {
  return childrenOf(pid).flatMap((child) => {
    const process = processOf(child);
    return process === null ? [] : [process, ...descendantsOf(child)];
  });
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Nothing happens to one that has ended by itself. */
export function signal(target: Process, name: NodeJS.Signals): void {
  try {
    if (isRunning(target)) process.kill(target.pid, name);
  } catch {
    // it ended between the two
  }
}

/** Stops a process where it is; resolves when none of its threads can act: each is stopped, or will be before its call of the kernel returns. */
export async function freeze(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP');
  while (threadStates(child).some((state) => !'TDZ'.includes(state))) await wait(1);
}

function threadStates({ pid }: ChildProcess): readonly string[] {
  if (pid === undefined || processOf(pid) === null) return [];
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      return [stat.charAt(stat.lastIndexOf(')') + 2)];
    } catch {
      return []; // that thread has ended
    }
  });
}

/** Ends a process and what it started. */
export function endTree(root: Process): void {
  if (!isRunning(root)) return;
  for (const one of [...descendantsOf(root.pid), root]) signal(one, 'SIGKILL');
}
