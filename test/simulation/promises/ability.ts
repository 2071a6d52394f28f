import type { SimHost } from '../host/sim-host.ts';

/** What the job of an attempt can do on its host, in truth. */
export interface Ability {
  readonly token: string;
  readonly host: string;
  /** `HOST/SLOT` */
  readonly slot: string;
  /** `runs`: it has claimed, and something of it is alive. `able`: nobody has claimed, and its job may still start. */
  readonly kind: 'runs' | 'able';
}

/** All jobs of a host that run or are able to. */
export function abilitiesOn(host: SimHost): Ability[] {
  const abilities: Ability[] = [];
  const alive = new Map<string, string>();
  for (const process of host.processes.alive()) {
    const claim = host.directories.get(process.token)?.claim?.value;
    const claimedIt = claim?.by === 'job' && claim.pid === process.pid;
    if (process.role === 'payload' || process.role === 'child' || claimedIt) alive.set(process.token, process.slot);
  }
  for (const [token, slot] of alive) abilities.push({ token, host: host.name, slot, kind: 'runs' });
  for (const [token, directory] of host.directories) {
    if (alive.has(token) || directory.claim !== null || !directory.manifest || directory.script === null) continue;
    const { slot } = directory.script.value;
    if (canStart(host, token)) abilities.push({ token, host: host.name, slot, kind: 'able' });
  }
  return abilities;
}

/** Without a queue whoever finds the script can start it. */
function canStart(host: SimHost, token: string): boolean {
  if (host.kind === 'direct') return true;
  if (host.queue.entries().some((entry) => entry.token === token && entry.state !== 'ended')) return true;
  return host.processes.alive().some((process) => process.token === token);
}
