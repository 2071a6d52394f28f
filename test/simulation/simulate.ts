import { drawHorizonMs, drawShape } from './draw-shape.ts';
import type { Planned } from './faults/fault.ts';
import { adopt, clearSlots, give, kill, orphansOf } from './faults/orders.ts';
import type { Operator } from './faults/orders.ts';
import { perform } from './faults/perform.ts';
import { checkOthers, mendOddities } from './oddities-last.ts';
import { drawPlan } from './faults/plan.ts';
import type { ThemeName } from './faults/themes.ts';
import { STEADY } from './network/wire.ts';
import type { Violation } from './violation.ts';
import type { CaseLine } from './promises/book.ts';
import { World } from './world.ts';

/** How long after the last fault everything must have come to its end, virtual ms: reconciles come every five minutes. */
const REST_MS = 60 * 60_000;
/** The longest back-off of a link, and the longest time that a planned stop lasts, with something to spare, ms. */
const AT_REST_MS = 200_000;
/** How often operators look after what waits for them, once the faults are over, ms. */
const CARE_EVERY_MS = 20_000;

export interface Outcome {
  readonly seed: string;
  readonly violation: Violation | null;
  readonly plan: readonly Planned[];
  readonly history: readonly string[];
  readonly crashes: number;
  readonly blindSpells: number;
  readonly virtualMs: number;
}

export interface SimulateOptions {
  /** Planned faults to leave out, by number: so a history gets shorter. */
  readonly without?: ReadonlySet<number>;
  /** Instead of the theme that chance would choose. */
  readonly theme?: ThemeName | null;
}

/** One world, from its seed to its rest. */
export async function simulate(
  seed: string,
  { without = new Set(), theme = null }: SimulateOptions = {},
): Promise<Outcome> {
  const shape = drawShape(seed);
  const world = new World(shape);
  const random = world.random.fork('plan');
  const horizonMs = drawHorizonMs(random);
  const plan = drawPlan(random, shape, horizonMs, theme).filter(({ number }) => !without.has(number));
  for (const planned of plan) {
    if ('atMs' in planned.when) world.timeline.after(planned.when.atMs, () => perform(world, planned.fault));
    else world.lives.points.arm(planned);
  }
  try {
    world.lives.start();
    await world.run(horizonMs);
    mend(world);
    if (without.size === 0) await complete(world);
    care(world);
    await checkOthers(world);
    mendOddities(world);
    const restMs = world.timeline.nowMs + REST_MS;
    const isOver = await world.run(restMs, () => world.checker.isAtRest());
    if (!isOver && world.violations.length === 0) world.checker.checkExplained();
    return {
      seed,
      violation: world.violations[0] ?? null,
      plan,
      history: world.history.tail(),
      crashes: world.lives.crashes,
      blindSpells: world.checker.blindSpells,
      virtualMs: world.timeline.nowMs,
    };
  } finally {
    world.close();
  }
}

/** The one crash and the one blind spell that every world has, if their moments never came. */
async function complete(world: World): Promise<void> {
  const { lives, checker, timeline } = world;
  const isAtRest = (): boolean => lives.isAlive && checker.page.reconciled.size === world.hosts.length;
  for (let tries = 0; checker.blindSpells === 0 && tries < 5; tries += 1) {
    await world.run(timeline.nowMs + AT_REST_MS, isAtRest);
    // a line that nobody uses is not missed: the next look finds it cut
    const forMs = (2 + 4 * tries) * world.shape.observeEveryMs;
    for (const number of world.hosts.keys()) perform(world, { kind: 'cut', host: number, cut: 'reset', forMs });
    await world.run(timeline.nowMs + forMs);
  }
  if (lives.crashes === 0) {
    await world.run(timeline.nowMs + AT_REST_MS, () => lives.isAlive);
    perform(world, { kind: 'crash', downMs: 1_000 });
  }
}

/** No more faults: what is broken is mended. */
export function mend(world: World): void {
  world.history.note('the faults are over');
  world.lives.points.disarm();
  world.lives.freeze(0);
  world.database.full = false;
  world.results.full = false;
  for (const { host, wire } of world.hosts) {
    wire.heal();
    wire.flakiness = STEADY;
    host.slowness = 0;
    host.lookSlowness = 0;
    host.diskFull = false;
    host.receiptsAreOdd = false;
    host.mounted = true;
    host.strangers.clear();
    host.driverFails = false;
  }
}

/** One of the three things that `mqi orphans` offers. */
function endOrphans({ random }: World, operator: Operator, line: CaseLine): void {
  const orphans = orphansOf(operator, line);
  if (orphans.length === 0) return;
  const token = random.pick(orphans);
  switch (random.pick(['retry', 'adopt', 'kill'] as const)) {
    case 'retry':
      return give(operator, line, 'retry');
    case 'adopt':
      return adopt(operator, line, token);
    case 'kill':
      return kill(operator, token);
  }
}

/** From now on operators do what they are asked for. */
export function care(world: World, round = 0): void {
  if (world.checker.isAtRest() && world.lives.isAlive) return;
  if (!world.lives.isAlive) world.lives.start();
  for (const { host } of world.hosts) {
    host.queue.paused.clear();
    for (const entry of host.queue.entries()) host.queue.resume(entry);
    if (host.powered) host.queue.tick();
  }
  const operator = world.operator();
  for (const line of operator.page.cases.values()) {
    if (line.paused === 1) give(operator, line, 'resume');
    // it has been let go often enough: `mqi why` says so, and a person decides
    const waitsForPerson = line.phase === 'queued' || (line.phase === 'executing' && round > 2);
    // or what is left of it stays stopped, though its queue was told to go on
    if (waitsForPerson && line.blocked !== null) give(operator, line, 'cancel');
    endOrphans(world, operator, line);
  }
  clearSlots(operator);
  world.timeline.after(CARE_EVERY_MS, () => care(world, round + 1));
}
