import type { Look } from '../../../src/scheduler/scheduler.ts';
import type { Command, SimHost } from '../host/sim-host.ts';
import { lateEnd, processesOf, readFiles, readQueue, scan } from './facts.ts';
import type { FileFacts, Found } from './facts.ts';

/** The rounds of src/scheduler/look-command.ts, in which a job that wrote its end is waited for. */
const ROUNDS = 6;
const NAP_MS = 100;

/** Queue, receipts, processes, in this order, and then the end again of those that had none. */
export function* look(host: SimHost, tokens: readonly string[]): Command<Look> {
  const queue = readQueue(host);
  yield host.lookStepMs();
  const files = new Map<string, FileFacts>();
  for (const token of tokens) {
    files.set(token, readFiles(host, token, queue));
    yield host.lookStepMs();
  }
  let before: Found = new Map();
  let scans: readonly Found[] = [];
  for (let round = 1; ; round += 1) {
    const now = scan(host, tokens);
    scans = [now];
    yield host.lookStepMs();
    for (const [token, seen] of files) {
      if (seen.end.kind !== 'absent' || seen.directory === 'absent') continue;
      files.set(token, lateEnd(host, token, seen, queue));
    }
    const ended = tokens.filter((token) => files.get(token)?.end.kind !== 'absent');
    if (ended.length === 0) break;
    const staying = ended.some((token) => now.has(token) || before.has(token));
    if (round >= 2 && !staying) break;
    if (round >= ROUNDS) {
      scans = [before, now];
      break;
    }
    before = now;
    yield NAP_MS;
  }
  host.demandRoot();
  return {
    kind: 'looked',
    node: host.node,
    notices: [...host.queue.paused].map((group) => `group ${group} is paused`),
    facts: [...files.values()].map((seen) => ({ ...seen, ...processesOf(scans, seen.token) })),
  };
}
