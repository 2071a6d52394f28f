import type { Flakiness } from '../network/wire.ts';
import type { Random } from '../random.ts';
import type { WorldShape } from '../world-shape.ts';
import type { Fault, HostHand, Planned, PlannedOrder, When } from './fault.ts';

/** Where the daemon does something that matters: a fault right there meets the narrow windows. */
const POINTS = [
  'write.before',
  'write.after',
  'upload.before',
  'commit.after.host.assigned',
  'commit.after.upload.verified',
  'commit.before.slot.leased',
  'commit.after.slot.leased',
  'create.before',
  'create.answer',
  'create.after',
  'commit.before.job.created',
  'commit.after.job.created',
  'commit.after.job.unconfirmed',
  'find.after',
  'release.before',
  'release.answer',
  'release.after',
  'commit.after.job.released',
  'commit.before.job.observed',
  'commit.after.job.observed',
  'stop.before',
  'stop.after',
  'commit.before.job.gone',
  'commit.after.job.gone',
  'collect.after',
  'commit.before.results.collected',
  'commit.after.operator.cancelled',
  'commit.after.host.unreachable',
] as const;

const HANDS: readonly HostHand[] = [
  'release held',
  'kill wrapper',
  'kill payload',
  'kill all',
  'kill entry',
  'clean queue',
  'suspend',
  'resume',
  'pause groups',
  'start groups',
  'start again',
];
const ORDERS: readonly PlannedOrder[] = [
  'cancel',
  'cancel',
  'retry',
  'retry',
  'retry',
  'pause',
  'resume',
  'abandon',
  'adopt',
  'limit',
  'clear slots',
];

/** A kind of trouble: how many of them a world has, at most, and how one is drawn. */
interface Trouble {
  readonly most: number;
  readonly draw: (random: Random, shape: WorldShape) => Fault;
}

/** Short most of the time, long now and then. */
const spell = (random: Random): number =>
  random.chance(0.7) ? random.between(500, 15_000) : random.between(15_000, 100_000);
const anyHost = (random: Random, shape: WorldShape): number => random.int(shape.hosts.length);

const TROUBLES: readonly Trouble[] = [
  { most: 2, draw: (random) => ({ kind: 'crash', downMs: spell(random) }) },
  { most: 2, draw: (random) => ({ kind: 'graceful stop', downMs: spell(random) }) },
  { most: 2, draw: (random) => ({ kind: 'freeze', forMs: spell(random) }) },
  { most: 1, draw: (random) => ({ kind: 'database full', forMs: spell(random) }) },
  { most: 1, draw: (random) => ({ kind: 'results full', forMs: spell(random) }) },
  {
    most: 2,
    draw: (random) => ({ kind: 'clock jump', byMs: random.pick([-1, 1]) * random.between(1_000, 172_800_000) }),
  },
  { most: 1, draw: (random, shape) => ({ kind: 'folder changes', case: random.int(shape.cases.length) }) },
  { most: 3, draw: cut },
  {
    most: 2,
    draw: (random, shape) => ({
      kind: 'flaky',
      host: anyHost(random, shape),
      flakiness: flakiness(random),
      forMs: 2 * spell(random),
    }),
  },
  {
    most: 2,
    draw: (random, shape) => ({
      kind: 'slow',
      host: anyHost(random, shape),
      slowness: random.between(0.05, 0.5),
      forMs: 2 * spell(random),
    }),
  },
  { most: 2, draw: (random, shape) => ({ kind: 'power cut', host: anyHost(random, shape), downMs: spell(random) }) },
  {
    most: 3,
    draw: (random, shape) => ({ kind: 'queue crash', host: anyHost(random, shape), downMs: spell(random) / 4 }),
  },
  { most: 1, draw: (random, shape) => ({ kind: 'disk full', host: anyHost(random, shape), forMs: spell(random) }) },
  { most: 1, draw: (random, shape) => ({ kind: 'unmounted', host: anyHost(random, shape), forMs: spell(random) }) },
  { most: 5, draw: (random, shape) => ({ kind: 'hand', host: anyHost(random, shape), hand: random.pick(HANDS) }) },
  {
    most: 6,
    draw: (random, shape) => ({ kind: 'order', case: random.int(shape.cases.length), order: random.pick(ORDERS) }),
  },
];

function cut(random: Random, shape: WorldShape): Fault {
  const kind = random.chance(0.5) ? 'reset' : 'black hole';
  return { kind: 'cut', host: anyHost(random, shape), cut: kind, forMs: 3_000 + spell(random) };
}

function flakiness(random: Random): Flakiness {
  const likely = (): number => (random.chance(0.5) ? random.between(0, 0.3) : 0);
  return {
    losesRequest: likely(),
    losesAnswer: likely(),
    garblesAnswer: likely() / 2,
    delaysRequest: likely(),
    delaysAnswer: likely(),
  };
}

/** How likely a kind of trouble takes part: worlds that have few kinds reach further into each. */
const TAKES_PART = 0.35;

/** The first two of a plan: one crash and one blind spell, which every world has. */
const CERTAIN = 2;

/** What goes wrong in a world, drawn before it begins: so each item can be left out, and the rest stays the same. */
export function drawPlan(random: Random, shape: WorldShape, horizonMs: number): Planned[] {
  // while there is work: what comes late meets cases that are over
  const early = random.between(2_000, 45_000);
  const faults: Fault[] = [
    { kind: 'crash', downMs: spell(random) },
    { kind: 'cut', host: anyHost(random, shape), cut: 'reset', forMs: 3_000 + spell(random) },
  ];
  for (const { most, draw } of TROUBLES) {
    if (!random.chance(TAKES_PART)) continue;
    for (let left = 1 + random.int(most); left > 0; left -= 1) faults.push(draw(random, shape));
  }
  if (random.chance(0.08)) faults.push({ kind: 'back up' }, { kind: 'restore', downMs: spell(random) });
  return faults.map((fault, index) => ({
    number: index + 1,
    fault,
    when: drawWhen(random, fault, index < CERTAIN ? early : horizonMs),
  }));
}

function drawWhen(random: Random, fault: Fault, horizonMs: number): When {
  if (fault.kind === 'restore') return { atMs: random.between(horizonMs / 2, horizonMs) };
  if (fault.kind === 'back up') return { atMs: random.between(0, horizonMs / 2) };
  if (random.chance(0.5)) return { atMs: random.between(0, horizonMs) };
  const passing = 1 + random.int(random.chance(0.7) ? 3 : 12);
  return { point: random.pick(POINTS), passing, delayMs: random.chance(0.5) ? 0 : random.between(0, 3_000) };
}
