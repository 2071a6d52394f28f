import type { AttemptRef } from '../../../src/scheduler/scheduler.ts';
import type { SimHost } from '../host/sim-host.ts';
import type { Entry } from '../host/sim-queue.ts';

/** `pueue_remove`: every task of the token that is in one of these states, found and removed in one command. */
export function takeOut(host: SimHost, { token }: AttemptRef, states: readonly Entry['state'][]): void {
  const mine = host.queue.entries().filter((entry) => entry.token === token);
  for (const entry of mine) {
    if (!states.includes(entry.state)) continue;
    if (entry.token !== token) host.ground.accuse(1, `a command for ${token} took the job of ${entry.token} out`);
    host.queue.remove(entry);
  }
}
