import type { JobPlan } from './host/ground.ts';
import type { HostShape } from './host/sim-host.ts';
import { randomFrom } from './random.ts';
import type { Random } from './random.ts';
import type { WorldShape } from './world-shape.ts';

/** How long faults go on, virtual ms: a few jobs of a minute and less, one after the other. */
export function drawHorizonMs(random: Random): number {
  return random.between(50_000, 160_000);
}

/** A world out of a seed: one or two hosts, one to four cases. */
export function drawShape(seed: string): WorldShape {
  const random = randomFrom(seed).fork('shape');
  const hasDriver = randomFrom(seed).fork('gpus').chance(0.3);
  const hosts: HostShape[] = Array.from({ length: random.chance(0.5) ? 1 : 2 }, (_, index) => ({
    name: `gpu${index + 1}`,
    kind: random.chance(0.6) ? 'pueue' : 'direct',
    slots: random.chance(0.5) ? ['a'] : ['a', 'b'],
    hasDriver,
  }));
  const cases = Array.from({ length: 1 + random.int(4) }, (_, index) => ({
    name: `c${index + 1}`,
    arrivesAtMs: random.chance(0.5) ? 50 : random.between(0, 60_000),
  }));
  return {
    seed,
    hosts,
    cases,
    limitMs: random.between(20_000, 60_000),
    observeEveryMs: random.pick([2_000, 5_000, 10_000]),
    stageAhead: 1 + random.int(2),
    // a job's attempt may be swept away while its case is still of interest
    keepMs: random.chance(0.5) ? random.between(5_000, 100_000) : 1e9,
    planOf: (name, attempt) => drawJob(randomFrom(`${seed}/job ${name} ${attempt}`)),
  };
}

function drawJob(random: Random): JobPlan {
  return {
    runMs: random.chance(0.15) ? random.between(60_000, 120_000) : random.between(200, 25_000),
    exitCode: random.chance(0.75) ? 0 : 3,
    writes: random.chance(0.9),
    childMs: random.chance(0.2) ? random.between(500, 60_000) : 0,
    ignoresTerm: random.chance(0.2),
    cleansEnvironment: random.chance(0.2),
    unkillableMs: random.chance(0.15) ? random.between(1_000, 120_000) : 0,
  };
}
