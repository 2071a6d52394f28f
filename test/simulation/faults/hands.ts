import { JobRun } from '../host/job-run.ts';
import type { SimProcess } from '../host/process-table.ts';
import type { SimHost } from '../host/sim-host.ts';
import type { HostHand } from './fault.ts';

/** What an operator does at a host: to one job that chance picks, where it takes one. False: there was nothing to do. */
export function layHand(host: SimHost, hand: HostHand): boolean {
  const { queue, ground } = host;
  switch (hand) {
    case 'release held': {
      const held = queue.entries().filter((entry) => entry.state === 'held');
      for (const entry of held) {
        ground.witness.of(entry.token).operatorReleased = true;
        queue.release(entry);
      }
      return held.length > 0;
    }
    case 'kill wrapper':
      return kill(host, ['inner', 'outer']);
    case 'kill payload':
      return kill(host, ['payload']);
    case 'kill all':
      return kill(host, ['inner', 'outer', 'payload', 'child']);
    case 'kill entry': {
      const running = queue.entries().filter((entry) => entry.run !== null);
      if (running.length === 0) return false;
      const { token, run } = host.random.pick(running);
      ground.witness.of(token).operatorTouched = true;
      // SIGKILL to its process group: what has a session of its own lives on
      host.processes.end(run!.outer, 'KILL', 'operator');
      return true;
    }
    case 'clean queue': {
      const over = queue.entries().filter((entry) => entry.state === 'ended');
      for (const entry of over) queue.remove(entry);
      return over.length > 0;
    }
    case 'suspend':
    case 'resume':
      for (const entry of queue.entries()) queue[hand](entry);
      return true;
    case 'pause groups':
      for (const slot of host.slots) queue.paused.add(slot);
      return true;
    case 'start groups':
      queue.paused.clear();
      queue.tick();
      return true;
    case 'start again': {
      const started = [...host.directories.values()].filter(
        (directory) => directory.claim !== null && directory.script !== null,
      );
      if (started.length === 0) return false;
      void new JobRun(host, host.random.pick(started).token, () => {});
      return true;
    }
  }
}

/** SIGKILL to some of the processes of one job. */
function kill(host: SimHost, roles: readonly SimProcess['role'][]): boolean {
  const tokens = [...new Set(host.processes.alive().map((process) => process.token))];
  if (tokens.length === 0) return false;
  const token = host.random.pick(tokens);
  host.ground.witness.of(token).operatorTouched = true;
  for (const process of host.processes.alive()) {
    if (process.token === token && roles.includes(process.role)) {
      host.processes.signal(process, 'KILL', 'operator', host.ground.timeline.nowMs);
    }
  }
  return true;
}
