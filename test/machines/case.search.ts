import { transition } from 'xstate';

import { caseMachine } from '../../machines/index.ts';
import type { CaseEvent } from '../../machines/index.ts';
import { stateOf } from '../../src/domain/case.ts';
import type { Phase } from '../../src/domain/case.ts';
import * as f from './case.fixture.ts';

export interface Node {
  readonly key: string;
  readonly snapshot: f.CaseSnapshot;
  readonly phase: Phase;
  /** The edge that found it first: the way back to a new attempt. */
  readonly foundBy: Edge | null;
}

export interface Edge {
  readonly from: Node;
  readonly event: CaseEvent;
  /** What `snapshot.can(event)` says. */
  readonly accepted: boolean;
  readonly next: f.CaseSnapshot;
  readonly phase: Phase;
  readonly actions: readonly string[];
  /** The node that `next` is one of. */
  readonly toKey: string;
}

export interface Graph {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly edges: readonly Edge[];
}

const ENDS = [f.EXIT_0, f.EXIT_3, f.SIGKILL, f.LOST] as const;
const QUEUE_RESULTS = [null, { kind: 'killed' }, { kind: 'not_started', reason: 'no such directory' }] as const;

/** Every type of event, with every field value that a guard or a verdict can tell from another. */
export const ALPHABET: readonly CaseEvent[] = [
  f.assigned,
  f.verified,
  f.uploadFailed,
  f.inputsChanged,
  f.leased,
  f.created,
  f.createdByClaim,
  f.refused,
  f.unconfirmed,
  f.absent,
  f.released,
  ...[null, f.LOOK_MS].flatMap((sinceMs) => [
    f.sees('held', sinceMs),
    f.sees('queued', sinceMs),
    f.sees('suspended', sinceMs),
    f.sees('executing', sinceMs),
    f.sees('lingering', sinceMs),
    f.unknown(sinceMs),
    ...ENDS.map((end) => f.ended(end, sinceMs)),
    ...QUEUE_RESULTS.map((queue) => f.missing(queue, sinceMs)),
  ]),
  ...[...ENDS, null].flatMap((end) => QUEUE_RESULTS.map((queue) => f.gone(end, queue))),
  { ...f.adopted, host: f.HOST },
  ...ENDS.map((end) => ({ ...f.adopted, host: f.HOST, end })),
  f.collected,
  f.collectedInPart,
  f.blocked,
  f.restarted,
  f.unreachable('link'),
  f.unreachable('queue'),
  f.unreachable('garbled', 'gpu2'),
  f.reachable,
  { ...f.reachable, host: 'gpu2' },
  f.cancelled,
  f.abandoned,
  f.paused,
  f.resumed,
  f.limited(f.LIMIT_MS),
  f.limited(f.LIMIT_MS + f.LOOK_MS),
];

/** Whatever guards and verdicts can still read from here on; the clock steps by looks and ends at the limit. */
export function keyOf(snapshot: f.CaseSnapshot): string {
  const phase = f.phaseOf(snapshot);
  const { context } = snapshot;
  const facts: unknown[] = [phase, context.failure?.kind, context.blind?.cause, context.blocked];
  switch (stateOf(phase)) {
    case 'submitted':
      facts.push(context.host, context.uploadTries, context.paused, context.limitMs);
      break;
    case 'submitting':
      facts.push(context.stop?.kind, context.limitMs);
      break;
    case 'running':
      if (phase === 'stopping') facts.push(context.stop);
      else if (phase !== 'collecting')
        facts.push(context.releasesAgain, context.observedMs, context.lingerMs, context.limitMs);
      break;
    case 'completed':
    case 'failed':
  }
  return JSON.stringify(facts);
}

/** Breadth first, from a new attempt, every event of the alphabet in every node. */
export function search(alphabet: readonly CaseEvent[] = ALPHABET): Graph {
  const first = f.initial();
  const start: Node = { key: keyOf(first), snapshot: first, phase: f.phaseOf(first), foundBy: null };
  const nodes = new Map([[start.key, start]]);
  const edges: Edge[] = [];
  for (const from of nodes.values()) {
    for (const event of alphabet) {
      const accepted = from.snapshot.can(event);
      const [next, actions] = transition(caseMachine, from.snapshot, event);
      const toKey = next === from.snapshot ? from.key : keyOf(next);
      const phase = f.phaseOf(next);
      const edge: Edge = { from, event, accepted, next, phase, actions: actions.map(({ type }) => type), toKey };
      edges.push(edge);
      if (!nodes.has(toKey)) nodes.set(toKey, { key: toKey, snapshot: next, phase, foundBy: edge });
    }
  }
  return { nodes, edges };
}

/** The shortest way to an edge, in words, for a failing test to print. */
export function story(edge: Edge): string {
  const steps: string[] = [];
  for (let at: Edge | null = edge; at !== null; at = at.from.foundBy) {
    const { type, ...fields } = at.event;
    steps.unshift(`${at.from.phase} —${type} ${JSON.stringify(fields)}→ ${at.phase}`);
  }
  return steps.join('\n');
}

/** The nodes from which one of these can be reached over these edges, themselves included. */
export function leadingTo(keys: Iterable<string>, edges: readonly Edge[]): ReadonlySet<string> {
  const sources = new Map<string, string[]>();
  for (const { from, toKey } of edges) {
    const known = sources.get(toKey);
    if (known === undefined) sources.set(toKey, [from.key]);
    else known.push(from.key);
  }
  const reached = new Set(keys);
  // every state ignores some event, and so leads to itself at least
  for (const key of reached) for (const source of sources.get(key)!) reached.add(source);
  return reached;
}
