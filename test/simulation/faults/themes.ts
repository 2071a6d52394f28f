import { STEADY } from '../network/wire.ts';
import type { Random } from '../random.ts';
import type { WorldShape } from '../world-shape.ts';
import type { Fault, Planned, When } from './fault.ts';
import { drawHasty } from './hasty.ts';
import { anyHost, spell } from './troubles.ts';

/** Troubles that do their worst together: chance alone would rarely bring them about at the same time. */
export type Theme = (random: Random, shape: WorldShape, horizonMs: number) => Omit<Planned, 'number'>[];

const passes = (random: Random, point: string, passing: number, latestMs: number): When => ({
  point,
  passing,
  delayMs: random.between(0, latestMs),
});
/** The first few times that the daemon passes a place. */
const eachTime = (random: Random, point: string, latestMs: number, draw: () => Fault): Omit<Planned, 'number'>[] =>
  [1, 2, 3].map((passing) => ({ when: passes(random, point, passing, latestMs), fault: draw() }));

/** The release and the end of a job are under way at the same time. */
const cancelMeetsStart: Theme = (random, shape) => [
  ...eachTime(random, 'commit.before.job.created', 0, () => ({
    kind: 'slow',
    host: anyHost(random, shape),
    what: 'everything',
    slowness: random.between(0.2, 0.6),
    forMs: 20_000,
  })),
  ...eachTime(random, 'commit.after.job.created', 3_000, () => ({ kind: 'order', case: 'busy', order: 'redo' })),
];

/** The release is held up on the way, and its case is over before it arrives. */
const lateRelease: Theme = (random, shape) => {
  const host = anyHost(random, shape);
  return [
    ...eachTime(random, 'release.before', 0, () => ({
      kind: 'flaky',
      host,
      flakiness: { ...STEADY, delaysRequest: 0.7 },
      forMs: 500,
    })),
    ...eachTime(random, 'release.before', 20_000, () => ({
      kind: 'order',
      case: 'busy',
      order: 'redo',
    })),
  ];
};

/** A look goes on while its job starts, or while its case is ended and begins anew. */
const slowLooks: Theme = (random, shape) => {
  const host = anyHost(random, shape);
  return [
    {
      when: { atMs: 0 },
      fault: { kind: 'slow', host, what: 'looks', slowness: random.between(0.3, 0.9), forMs: 120_000 },
    },
    ...eachTime(random, 'commit.after.job.created', 0, () => ({ kind: 'hand', host, hand: 'pause groups' })),
    ...eachTime(random, 'commit.after.job.released', 20_000, () => ({ kind: 'hand', host, hand: 'start groups' })),
    ...eachTime(random, 'commit.after.job.released', 15_000, () => ({ kind: 'order', case: 'busy', order: 'redo' })),
  ];
};

/** The create is held up on the way, and arrives when it was given up. */
const lateCreate: Theme = (random, shape) => {
  const host = anyHost(random, shape);
  return eachTime(random, 'create.before', 0, () => ({
    kind: 'flaky',
    host,
    flakiness: { ...STEADY, delaysRequest: 0.8 },
    forMs: 500,
  }));
};

/** Ends are repeated because nobody heard of them, and by then their id is another job's. */
const idsAreUsedAgain: Theme = (random, shape, horizonMs) => {
  const host = anyHost(random, shape);
  return [
    ...eachTime(random, 'create.before', 0, () => ({ kind: 'hand', host, hand: 'pause groups' })),
    ...eachTime(random, 'commit.after.job.released', 10_000, () => ({ kind: 'order', case: 'busy', order: 'cancel' })),
    ...eachTime(random, 'stop.before', 0, () => ({
      kind: 'flaky',
      host,
      flakiness: { ...STEADY, losesAnswer: 0.7 },
      forMs: 2_000,
    })),
    { when: { atMs: horizonMs * 0.9 }, fault: { kind: 'hand', host, hand: 'start groups' } },
  ];
};

/** The queue loses all it has, or is cleaned, while commands are on their way: its ids begin anew. */
const idsBeginAnew: Theme = (random, shape, horizonMs) => {
  const host = anyHost(random, shape);
  return [
    {
      when: { atMs: 0 },
      fault: { kind: 'flaky', host, flakiness: { ...STEADY, losesAnswer: 0.2, delaysRequest: 0.2 }, forMs: horizonMs },
    },
    ...eachTime(random, 'commit.after.job.created', 6_000, () => ({
      kind: 'power cut',
      host,
      downMs: random.between(500, 4_000),
    })),
    ...eachTime(random, 'collect.after', 1_000, () => ({ kind: 'hand', host, hand: 'clean queue' })),
    ...eachTime(random, 'commit.after.job.released', 9_000, () => ({
      kind: 'crash',
      downMs: random.between(500, 3_000),
    })),
    ...eachTime(random, 'commit.after.job.created', 8_000, () => ({
      kind: 'order',
      case: 'busy',
      order: 'redo',
    })),
  ];
};

/** The power goes right before a release: what was held is lost, or can be let go as before. */
const lostBeforeRelease: Theme = (random, shape) =>
  eachTime(random, 'release.before', 30, () => ({
    kind: 'power cut',
    host: anyHost(random, shape),
    downMs: random.between(500, 10_000),
  }));

/** Killed while it submits, and the operator tries again. */
const interrupted: Theme = (random, shape) => [
  {
    when: {
      point: random.pick(['create.answer', 'create.after', 'commit.before.job.created', 'find.after']),
      passing: 1,
      delayMs: 0,
    },
    fault: { kind: 'crash', downMs: random.between(500, 20_000) },
  },
  ...[5_000, 15_000, 40_000].map((atMs) => ({
    when: { atMs: atMs + random.between(0, 10_000) },
    fault: { kind: 'order', case: 'busy', order: 'retry' } as const,
  })),
  {
    when: passes(random, 'create.answer', 1, 300),
    fault: { kind: 'cut', host: anyHost(random, shape), cut: 'reset', forMs: random.between(20_000, 150_000) },
  },
];

/** The answer of a create is lost, and an operator lets all held jobs go. */
const letGoUnconfirmed: Theme = (random, shape) => {
  const host = anyHost(random, shape);
  return [
    ...eachTime(random, 'create.before', 0, () => ({
      kind: 'flaky',
      host,
      flakiness: { ...STEADY, losesAnswer: 0.8 },
      forMs: 1_000,
    })),
    ...eachTime(random, 'create.before', 1_000, () => ({ kind: 'hand', host, hand: 'release held' })),
    ...eachTime(random, 'create.before', 3_000, () => ({
      kind: 'queue crash',
      host,
      downMs: random.between(200, 3_000),
    })),
  ];
};

/** The queue's daemon dies around a start, and starts the job twice. */
const startsTwice: Theme = (random, shape) => {
  const host = anyHost(random, shape);
  return [
    ...eachTime(random, 'commit.after.job.released', 800, () => ({
      kind: 'queue crash',
      host,
      downMs: random.between(200, 2_000),
    })),
    ...eachTime(random, 'commit.after.job.released', 6_000, () => ({ kind: 'hand', host, hand: 'start again' })),
    ...eachTime(random, 'commit.after.job.released', 4_000, () => ({ kind: 'hand', host, hand: 'start groups' })),
  ];
};

/** Set back to a backup: the database does not know what it did. */
const setBack: Theme = (random, _shape, horizonMs) => [
  { when: { atMs: random.between(0, horizonMs / 2) }, fault: { kind: 'back up' } },
  { when: { atMs: random.between(horizonMs / 2, horizonMs) }, fault: { kind: 'restore', downMs: spell(random) } },
];

export const THEMES = {
  cancelMeetsStart,
  lateRelease,
  slowLooks,
  lateCreate,
  idsAreUsedAgain,
  idsBeginAnew,
  lostBeforeRelease,
  interrupted,
  letGoUnconfirmed,
  startsTwice,
  setBack,
  hasty: drawHasty,
} satisfies Readonly<Record<string, Theme>>;

export type ThemeName = keyof typeof THEMES;
