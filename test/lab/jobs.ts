import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Pids of the processes that carry a token (or this one) and work below `root`: those that a test's own daemon started. */
export function jobProcesses(root: string, token = 'mqi-'): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
        if (!environment.some((entry) => entry.startsWith(`MQI_TOKEN=${token}`))) return false;
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${root}/`);
      } catch {
        // it has just ended
        return false;
      }
    });
}

/** What a test leaves running, it ends: only its own. */
export function endJobsUnder(root: string): void {
  for (const pid of jobProcesses(root)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has just ended
    }
  }
}
