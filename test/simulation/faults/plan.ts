import type { Random } from '../random.ts';
import type { WorldShape } from '../world-shape.ts';
import type { Fault, Planned, When } from './fault.ts';
import { THEMES } from './themes.ts';
import type { ThemeName } from './themes.ts';
import { TROUBLES, anyHost, drawOddities, drawStrangers, spell } from './troubles.ts';

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

/** How likely a kind of trouble takes part: worlds that have few kinds reach further into each. */
const TAKES_PART = 0.3;

/** How likely a world has a theme. */
const HAS_THEME = 0.6;

/** The first two of a plan: one crash and one blind spell, which every world has. */
const CERTAIN = 2;

/** How likely a world has an operator who does not look before they type, whatever its theme. */
const IS_HASTY = 0.35;

const NAMES = (Object.keys(THEMES) as ThemeName[]).filter((name) => name !== 'hasty');

/**
 * What goes wrong in a world, drawn before it begins: so each item can be left out, and the rest stays the same.
 * `name` asks for a theme, whatever chance says.
 */
export function drawPlan(random: Random, shape: WorldShape, horizonMs: number, name: ThemeName | null): Planned[] {
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
  const drawn = faults.map((fault, index) => ({ fault, when: drawWhen(random, index < CERTAIN ? early : horizonMs) }));
  const drawnName = random.chance(HAS_THEME) ? random.pick(NAMES) : null;
  const chosen = name ?? drawnName;
  const theme = chosen === null ? [] : THEMES[chosen](random, shape, horizonMs);
  // with chances of their own: worlds without GPUs stay what they were
  const strangers = drawStrangers(random.fork('gpus'), shape).map((fault) => ({
    fault,
    when: { atMs: random.fork(`gpus ${JSON.stringify(fault)}`).between(0, horizonMs) },
  }));
  // in half of the worlds, wherever something matters
  const odd = random.fork('oddities');
  const oddities = odd.chance(0.5)
    ? drawOddities(odd, shape).map((fault) => ({ fault, when: drawWhen(odd, horizonMs) }))
    : [];
  const haste = random.fork('hasty');
  const hasty = chosen !== 'hasty' && haste.chance(IS_HASTY) ? THEMES.hasty(haste, shape, horizonMs) : [];
  return [...drawn, ...theme, ...strangers, ...hasty, ...oddities].map((planned, index) => ({
    number: index + 1,
    ...planned,
  }));
}

function drawWhen(random: Random, horizonMs: number): When {
  if (random.chance(0.5)) return { atMs: random.between(0, horizonMs) };
  const passing = 1 + random.int(random.chance(0.7) ? 3 : 12);
  return { point: random.pick(POINTS), passing, delayMs: random.chance(0.5) ? 0 : random.between(0, 3_000) };
}
