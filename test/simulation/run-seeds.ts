import { simulate } from './simulate.ts';
import type { Outcome } from './simulate.ts';

/** How many failing seeds are told before a run gives up. */
const MOST_FAILURES = 10;

export interface Tally {
  worlds: number;
  crashes: number;
  blindSpells: number;
  /** Worlds that had no crash, or no blind spell: there must be none. */
  spared: number;
  virtualMs: number;
  readonly failed: string[];
}

export const emptyTally = (): Tally => ({ worlds: 0, crashes: 0, blindSpells: 0, spared: 0, virtualMs: 0, failed: [] });

/** Worlds, one after the other; `tell` hears of each promise that was broken. */
export async function runSeeds(from: number, count: number, tell: (line: string) => void): Promise<Tally> {
  const tally = emptyTally();
  for (let seed = from; seed < from + count && tally.failed.length < MOST_FAILURES; seed += 1) {
    const outcome = await simulate(String(seed));
    add(tally, outcome);
    const { violation } = outcome;
    if (violation !== null) tell(`seed ${seed}: promise ${violation.promise}: ${violation.text}`);
    else if (isSpared(outcome)) tell(`seed ${seed}: ${outcome.crashes} crashes, ${outcome.blindSpells} blind spells`);
  }
  return tally;
}

function add(tally: Tally, outcome: Outcome): void {
  const { seed, crashes, blindSpells, virtualMs, violation } = outcome;
  tally.worlds += 1;
  tally.crashes += crashes;
  tally.blindSpells += blindSpells;
  tally.virtualMs += virtualMs;
  // one that broke a promise was ended there
  if (violation !== null) tally.failed.push(seed);
  else if (isSpared(outcome)) tally.spared += 1;
}

function isSpared({ crashes, blindSpells }: Outcome): boolean {
  return crashes === 0 || blindSpells === 0;
}

export function addTallies(a: Tally, b: Tally): Tally {
  return {
    worlds: a.worlds + b.worlds,
    crashes: a.crashes + b.crashes,
    blindSpells: a.blindSpells + b.blindSpells,
    spared: a.spared + b.spared,
    virtualMs: a.virtualMs + b.virtualMs,
    failed: [...a.failed, ...b.failed],
  };
}
