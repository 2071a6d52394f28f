import type { Oddity } from '../host/oddities.ts';
import type { Flakiness } from '../network/wire.ts';
import type { Random } from '../random.ts';
import type { WorldShape } from '../world-shape.ts';
import type { Fault, HostHand, PlannedOrder } from './fault.ts';

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
  'kill orphans',
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
export interface Trouble {
  readonly most: number;
  readonly draw: (random: Random, shape: WorldShape) => Fault;
}

/** Short most of the time, long now and then. */
export const spell = (random: Random): number =>
  random.chance(0.7) ? random.between(500, 15_000) : random.between(15_000, 100_000);
export const anyHost = (random: Random, shape: WorldShape): number => random.int(shape.hosts.length);

export const TROUBLES: readonly Trouble[] = [
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
      what: random.chance(0.5) ? 'looks' : 'everything',
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
  { most: 1, draw: (random, shape) => ({ kind: 'odd receipts', host: anyHost(random, shape), forMs: spell(random) }) },
  { most: 1, draw: (random, shape) => ({ kind: 'unmounted', host: anyHost(random, shape), forMs: spell(random) }) },
  { most: 5, draw: (random, shape) => ({ kind: 'hand', host: anyHost(random, shape), hand: random.pick(HANDS) }) },
  {
    most: 6,
    draw: (random, shape) => ({ kind: 'order', case: random.int(shape.cases.length), order: random.pick(ORDERS) }),
  },
];

const ODDITIES: readonly Oddity[] = [
  'hidden',
  'hidden',
  'garbled claim',
  'garbled end',
  'unclaimable',
  'stuck',
  'too many files',
];

/** For ever, as far as a world goes: until everything else is over, and then it is mended too. */
const EVER_MS = 1e9;
/** How likely one lasts. */
const LASTS = 0.15;

/** Troubles of a single attempt, or of a single case: nobody else is to notice. */
export function drawOddities(random: Random, shape: WorldShape): Fault[] {
  return Array.from({ length: 1 + random.int(5) }, (): Fault => {
    const lasts = random.chance(LASTS);
    if (random.chance(0.25)) {
      const odd = { case: random.int(shape.cases.length), forMs: lasts ? EVER_MS : spell(random) };
      if (random.chance(0.5)) return { kind: 'folder hangs', ...odd };
      return { kind: 'folder goes', how: random.chance(0.5) ? 'deleted' : 'unmounted', ...odd };
    }
    const oddity = random.pick(ODDITIES);
    // long enough to meet the time when it is to be removed
    const forMs = lasts ? EVER_MS : (oddity === 'stuck' ? 20 : 2) * spell(random);
    return { kind: 'odd attempt', host: anyHost(random, shape), nth: random.int(8), oddity, forMs };
  });
}

/** Somebody else comes and goes on the GPUs of a world that has some; their driver fails now and then. */
export function drawStrangers(random: Random, shape: WorldShape): Fault[] {
  if (!shape.hosts.some(({ hasDriver }) => hasDriver)) return [];
  const strangers = Array.from({ length: 1 + random.int(4) }, (): Fault => ({
    kind: 'stranger',
    host: anyHost(random, shape),
    slot: random.int(2),
    forMs: spell(random),
  }));
  if (random.chance(0.7)) return strangers;
  return [...strangers, { kind: 'driver fails', host: anyHost(random, shape), forMs: spell(random) }];
}

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
