import { isDeepStrictEqual } from 'node:util';

import { expect, test } from 'vitest';

import { caseMachine } from '../../machines/index.ts';
import type { CaseContext, CaseEventType } from '../../machines/index.ts';
import { EFFECTS, SLOT_HOLDING_PHASES, isFinal, stateOf } from '../../src/domain/case.ts';
import type { Effect, Phase } from '../../src/domain/case.ts';
import { FAILURE_KINDS } from '../../src/domain/failure.ts';
import * as f from './case.fixture.ts';
import { ALPHABET, leadingTo, search, story } from './case.search.ts';
import type { Edge, Node } from './case.search.ts';

const { nodes, edges } = search();
const accepted = edges.filter((edge) => edge.accepted);

const finalPhase = (phase: Phase): boolean => isFinal(stateOf(phase));
const holdsSlot = (phase: Phase): boolean => SLOT_HOLDING_PHASES.has(phase);

const worldly = edges.filter(
  ({ event }) =>
    !event.type.startsWith('operator.') && event.type !== 'job.adopted' && event.type !== 'daemon.restarted',
);
const keysOf = (is: (phase: Phase) => boolean): readonly string[] =>
  [...nodes.values()].filter(({ phase }) => is(phase)).map(({ key }) => key);

/** Every edge keeps the law; the first that does not is told from the beginning. */
function everyEdge(keeps: (edge: Edge) => boolean, among: readonly Edge[] = edges): void {
  expect(among.length).toBeGreaterThan(0);
  const broken = among.find((edge) => !keeps(edge));
  expect(broken === undefined ? 'kept' : story(broken)).toBe('kept');
}

function everyNode(keeps: (node: Node) => boolean): void {
  expect([...nodes.values()].filter((node) => !keeps(node)).map((node) => node.key)).toEqual([]);
}

const of = (type: CaseEventType): readonly Edge[] => edges.filter((edge) => edge.event.type === type);

function changedFields(edge: Edge): readonly string[] {
  const before = edge.from.snapshot.context;
  return (Object.keys(edge.next.context) as (keyof CaseContext)[]).filter(
    (field) => !isDeepStrictEqual(before[field], edge.next.context[field]),
  );
}

test('the search knows every event of the machine and visits every phase', () => {
  expect([...new Set(ALPHABET.map(({ type }) => type))].toSorted()).toEqual(caseMachine.events.toSorted());
  expect([...new Set([...nodes.values()].map(({ phase }) => phase))].toSorted()).toEqual(
    Object.keys(f.ROUTES).toSorted(),
  );
  // 1,532 states and 41,493 accepted edges when this was written: a search that sees far fewer proves nothing
  expect(nodes.size).toBeGreaterThan(1_000);
  expect(accepted.length).toBeGreaterThan(20_000);
});

test('an ignored event changes nothing and wants nothing', () => {
  everyEdge(
    (edge) => edge.next === edge.from.snapshot && edge.actions.length === 0,
    edges.filter((edge) => !edge.accepted),
  );
});

test('the phases follow one another as the design draws it, and in no other way', () => {
  const drawn = new Map<Phase, Set<Phase>>();
  for (const { from, phase } of accepted) {
    if (from.phase !== phase) drawn.set(from.phase, (drawn.get(from.phase) ?? new Set()).add(phase));
  }
  const asText = Object.fromEntries([...drawn].map(([phase, to]) => [phase, [...to].toSorted().join(' ')]));
  expect(asText).toEqual({
    waiting: 'collecting failed queued staging',
    staging: 'collecting failed queued staged',
    staged: 'collecting creating failed queued',
    creating: 'confirming failed releasing stopping',
    confirming: 'failed releasing stopping',
    releasing: 'collecting executing failed queued stopping',
    queued: 'collecting executing failed releasing stopping',
    executing: 'collecting failed releasing stopping',
    stopping: 'collecting failed',
    collecting: 'completed failed',
  } satisfies Partial<Record<Phase, string>>);
});

test('the clock grows by a look that sees the job executing in `executing`, not blind, and by nothing else', () => {
  everyEdge(({ from, event, next }) => {
    const before = from.snapshot.context;
    const grownMs = next.context.observedMs - before.observedMs;
    const counts =
      from.phase === 'executing' &&
      before.blind === null &&
      event.type === 'job.observed' &&
      event.observation.kind === 'executing';
    return grownMs === (counts ? (event.sinceMs ?? 0) : 0);
  });
});

test('a job is stopped at its limit only by a look that sees it executing now', () => {
  everyEdge(
    ({ from, event }) =>
      from.phase === 'executing' && event.type === 'job.observed' && event.observation.kind === 'executing',
    edges.filter(({ from, next }) => from.snapshot.context.stop === null && next.context.stop?.kind === 'limit'),
  );
});

test('a case holds a slot in the tagged phases, which are those of the domain', () => {
  everyNode(({ snapshot, phase }) => snapshot.hasTag('holdsSlot') === holdsSlot(phase));
  everyNode(({ snapshot, phase }) => !holdsSlot(phase) || snapshot.context.slot !== null);
});

test('a slot is taken by a lease or an adoption, and given back once, on a proof or by an operator', () => {
  everyEdge(
    ({ event }) => event.type === 'slot.leased' || event.type === 'job.adopted',
    edges.filter(({ from, phase }) => !holdsSlot(from.phase) && holdsSlot(phase)),
  );
  everyEdge(
    ({ from, event, phase }) => {
      switch (event.type) {
        case 'daemon.restarted':
        case 'job.refused':
        case 'job.absent':
          return stateOf(from.phase) === 'submitting' && phase === 'failed';
        case 'job.observed':
          return event.observation.kind === 'ended' && phase === 'collecting';
        case 'job.gone':
          return from.phase === 'stopping' && phase === 'collecting';
        default:
          return event.type === 'operator.abandoned' && phase === 'failed';
      }
    },
    edges.filter(({ from, phase }) => holdsSlot(from.phase) && !holdsSlot(phase)),
  );
  const over = edges.filter(({ from, phase }) => holdsSlot(from.phase) && !holdsSlot(phase));
  const mayHoldAgain = leadingTo(keysOf(holdsSlot), edges);
  everyEdge(({ toKey }) => !mayHoldAgain.has(toKey), over);
});

test('a submitting case found at start-up is failed as interrupted, always, and no other case is touched', () => {
  everyEdge(
    (edge) =>
      stateOf(edge.from.phase) === 'submitting'
        ? edge.phase === 'failed' && edge.next.context.failure?.kind === 'interrupted'
        : !edge.accepted,
    of('daemon.restarted'),
  );
});

test('a job is created once an attempt: nothing comes back to `creating`', () => {
  everyEdge(
    ({ from, event, phase }) => from.phase === 'staged' && event.type === 'slot.leased' && phase === 'creating',
    edges.filter(({ actions }) => actions.includes('create')),
  );
  const mayCreate = leadingTo(
    keysOf((phase) => phase === 'creating'),
    edges,
  );
  everyEdge(
    ({ toKey }) => !mayCreate.has(toKey),
    edges.filter(({ from, phase }) => from.phase === 'creating' && phase !== 'creating'),
  );
});

test('completed means: exit 0, and results collected with nothing missing', () => {
  everyEdge(
    ({ from, event }) =>
      from.phase === 'collecting' &&
      from.snapshot.context.failure === null &&
      event.type === 'results.collected' &&
      event.missingGlobs.length === 0,
    accepted.filter(({ phase }) => phase === 'completed'),
  );
  everyEdge(
    ({ event, next }) => {
      const end =
        event.type === 'job.gone' || event.type === 'job.adopted'
          ? event.end
          : event.type === 'job.observed' && event.observation.kind === 'ended'
            ? event.observation.end
            : null;
      return (next.context.failure === null) === (end?.kind === 'exited' && end.exitCode === 0);
    },
    accepted.filter(({ from, phase }) => from.phase !== 'collecting' && phase === 'collecting'),
  );
});

test('a failed case says why and what to type next; no verdict is ever taken back or replaced', () => {
  everyNode(({ phase, snapshot: { context } }) =>
    phase === 'failed'
      ? context.failure !== null && context.failure.message.length > 10 && context.failure.hint.includes('mqi ')
      : context.failure === null || phase === 'collecting',
  );
  everyEdge(
    ({ from, next }) => isDeepStrictEqual(next.context.failure, from.snapshot.context.failure),
    edges.filter(({ from }) => from.snapshot.context.failure !== null),
  );
});

test('a final state is final: it accepts nothing, waits for nothing, and is not blind', () => {
  everyEdge(
    (edge) => !edge.accepted,
    edges.filter(({ from }) => finalPhase(from.phase)),
  );
  everyNode(
    ({ phase, snapshot: { status, context } }) =>
      finalPhase(phase) === (status === 'done') &&
      (!finalPhase(phase) || (context.blind === null && context.blocked === null)),
  );
});

test('an unreachable host marks its cases blind and changes nothing else', () => {
  everyEdge(
    (edge) => edge.phase === edge.from.phase && edge.actions.length === 0 && changedFields(edge).join('') === 'blind',
    of('host.unreachable').filter((edge) => edge.accepted),
  );
  everyEdge(
    (edge) => edge.event.type === 'host.unreachable' && edge.event.host === edge.from.snapshot.context.host,
    edges.filter(({ from, next }) => next.context.blind !== null && next.context.blind !== from.snapshot.context.blind),
  );
});

test('a blind case sees again by an answer of its host or a job given back, or is over', () => {
  const answers: ReadonlySet<CaseEventType> = new Set<CaseEventType>([
    'host.reachable',
    'upload.verified',
    'upload.failed',
    'job.created',
    'job.released',
    'job.observed',
    'job.gone',
    'job.adopted',
  ]);
  everyEdge(
    ({ event, phase }) => answers.has(event.type) || finalPhase(phase),
    edges.filter(({ from, next }) => from.snapshot.context.blind !== null && next.context.blind === null),
  );
});

test('an answer of the host ends the blind spell, and moving on ends what the work waited for', () => {
  everyEdge(
    ({ next }) => next.context.blind === null,
    accepted.filter(({ event }) => event.type.startsWith('job.') && event.type !== 'job.unconfirmed'),
  );
  everyEdge(
    ({ next }) => next.context.blocked === null,
    accepted.filter(({ from, phase }) => from.phase !== phase),
  );
});

test('an unknown status moves nothing on, frees nothing and counts no time: it is told, and its host is not blind', () => {
  everyEdge(
    ({ from, phase, next, accepted: taken, actions }) => {
      const { blocked: _blocked, blind: _blind, ...before } = from.snapshot.context;
      const { blocked: reason, blind: isBlind, ...now } = next.context;
      const isTold = !taken || (reason !== null && isBlind === null);
      return phase === from.phase && isTold && actions.length === 0 && isDeepStrictEqual(now, before);
    },
    of('job.observed').filter(({ event }) => event.type === 'job.observed' && event.observation.kind === 'unknown'),
  );
});

test('a missing job is no verdict: it leads to the proof, never to an end', () => {
  everyEdge(
    ({ from, phase }) => (['releasing', 'queued', 'executing'].includes(from.phase) ? phase === 'stopping' : true),
    of('job.observed').filter(({ event }) => event.type === 'job.observed' && event.observation.kind === 'missing'),
  );
  everyEdge(
    ({ phase, next, from }) => !finalPhase(phase) && next.context.failure === from.snapshot.context.failure,
    of('job.observed').filter(
      ({ event, accepted: taken }) => taken && event.type === 'job.observed' && event.observation.kind !== 'ended',
    ),
  );
});

test('a case being stopped has a reason, and one that runs has a job', () => {
  everyNode(({ phase, snapshot: { context } }) => phase !== 'stopping' || context.stop !== null);
  everyNode(({ phase, snapshot: { context } }) => stateOf(phase) !== 'running' || context.job !== null);
});

/** What a transition says of the slot and of the proof. */
const SAID = ['takeOverSlot', 'quarantineSlot', 'leaveResults', 'proveRevoked', 'proveGone', 'proveNeverCreated'];
const PROOFS = SAID.filter((type) => type.startsWith('prove'));

test('a proof is said at most once a transition; a slot is given up by proof or by quarantine, and never by both', () => {
  everyEdge(({ from, next, actions, event }) => {
    const proofs = actions.filter((type) => PROOFS.includes(type));
    const isGivenUp = from.snapshot.hasTag('holdsSlot') && !next.hasTag('holdsSlot');
    const isQuarantined = actions.includes('quarantineSlot');
    // nothing proves what was being submitted: the slot is free, and the barrier keeps it until the host was reconciled
    if (event.type === 'daemon.restarted') return proofs.length === 0 && !isQuarantined;
    return proofs.length <= 1 && (isGivenUp ? (proofs.length === 1) !== isQuarantined : !isQuarantined);
  });
});

test('no case is over without a proof, but by a restart or an operator who gives it up', () => {
  everyEdge(({ from, phase, actions, event }) => {
    if (phase !== 'failed' || from.phase === 'collecting' || from.phase === phase) return true;
    const isProven = actions.some((type) => PROOFS.includes(type));
    return isProven || event.type === 'daemon.restarted' || actions.includes('quarantineSlot');
  });
});

test('a transition wants the one effect of the phase that it enters, and nothing that xstate would do by itself', () => {
  const wanted: Partial<Record<Phase, Effect>> = {
    staging: 'upload',
    creating: 'create',
    confirming: 'find',
    releasing: 'release',
    stopping: 'stop',
    collecting: 'collect',
  };
  expect(Object.values(wanted).toSorted()).toEqual(EFFECTS.toSorted());
  everyEdge(({ from, phase, event, actions }) => {
    const entered = phase !== from.phase || (event.type === 'upload.failed' && from.phase === 'staging');
    const work = actions.filter((type) => !SAID.includes(type));
    return isDeepStrictEqual(work, entered && wanted[phase] !== undefined ? [wanted[phase]] : []);
  });
  everyEdge(({ actions }) => !actions.some((type) => type.startsWith('xstate.')));
});

test('what names a case never changes, and its attempt only by a new one', () => {
  everyEdge(({ next: { context } }) => context.caseId === 'c7' && context.attempt === 1 && context.version === 2);
});

test('from every state the world alone, without an operator or a restart, can bring a case to its end', () => {
  const canEnd = leadingTo(keysOf(finalPhase), worldly);
  everyNode(({ key }) => canEnd.has(key));
});

test('until there is a verdict every case can still complete, even one that is being stopped', () => {
  const hopeful = leadingTo(
    keysOf((phase) => phase === 'completed'),
    worldly,
  );
  everyNode(({ key, snapshot: { context } }) => hopeful.has(key) === (context.failure === null));
});

test('every way to an end that began to run goes through the proof and `collecting`, unless an operator gave it up', () => {
  const steps = new Map<string, Edge[]>();
  for (const edge of accepted) {
    if (edge.event.type === 'operator.abandoned') continue;
    steps.set(edge.from.key, [...(steps.get(edge.from.key) ?? []), edge]);
  }
  /** Every order of phases, none twice, that some case can really take. */
  function ways(entered: Iterable<string>, trail: readonly Phase[]): readonly (readonly Phase[])[] {
    const here = new Set(entered);
    const onward = new Map<Phase, Set<string>>();
    for (const key of here) {
      for (const { phase, toKey } of steps.get(key) ?? []) {
        if (phase === trail.at(-1)) here.add(toKey);
        else if (!trail.includes(phase)) onward.set(phase, (onward.get(phase) ?? new Set()).add(toKey));
      }
    }
    const ended = finalPhase(trail.at(-1)!) ? [trail] : [];
    return [...ended, ...[...onward].flatMap(([phase, keys]) => ways(keys, [...trail, phase]))];
  }
  const all = ways([...nodes.keys()].slice(0, 1), ['waiting']);
  const ran = all.filter((way) => way.some((phase) => stateOf(phase) === 'running'));
  expect(ran.length).toBeGreaterThan(50);
  expect(ran.filter((way) => way.at(-2) !== 'collecting')).toEqual([]);
  const neverRan = all.filter((way) => !ran.includes(way));
  expect(neverRan.filter((way) => way.at(-1) !== 'failed')).toEqual([]);
});

test('from every state an operator can bring a case to its end', () => {
  everyEdge(({ from, phase }) => finalPhase(from.phase) || phase === 'failed', of('operator.abandoned'));
});

test('every kind of failure can happen', () => {
  const reached = new Set([...nodes.values()].map(({ snapshot }) => snapshot.context.failure?.kind));
  expect(FAILURE_KINDS.filter((kind) => !reached.has(kind))).toEqual([]);
});

test('the shortest way to completed is told step by step', () => {
  const way = story(accepted.find(({ phase }) => phase === 'completed')!);
  expect(way.split('\n').map((line) => line.replace(/ —(\S+) .*→ /, ' —$1→ '))).toEqual([
    'waiting —job.adopted→ collecting',
    'collecting —results.collected→ completed',
  ]);
});
