import type { ThemeName } from '../faults/themes.ts';
import type { Violation } from '../violation.ts';
import { DAEMON_MUTANTS } from './daemon-mutants.ts';
import { FENCE_MUTANTS } from './fence-mutants.ts';
import { HOST_MUTANTS } from './host-mutants.ts';
import { ODDITY_MUTANTS } from './oddity-mutants.ts';
import { loadMutant } from './mutant.ts';
import type { Mutant } from './mutant.ts';
import { RESTORE_MUTANTS } from './restore-mutants.ts';
import type * as subject from './subject.ts';

const MUTANTS: readonly Mutant[] = [
  ...DAEMON_MUTANTS,
  ...HOST_MUTANTS,
  ...RESTORE_MUTANTS,
  ...FENCE_MUTANTS,
  ...ODDITY_MUTANTS,
];

export interface Hunted {
  readonly mutant: Mutant;
  readonly caught: boolean;
  /** By what, or why not. */
  readonly text: string;
}

/** Each mutant whose name contains `only`, with at most so many worlds; null: as many as it says itself. */
export async function* huntAll(only: string, most: number | null): AsyncGenerator<Hunted> {
  for (const mutant of MUTANTS) {
    if (!mutant.name.includes(only)) continue;
    try {
      yield await hunt(mutant, await loadMutant(mutant), most ?? mutant.within);
    } catch (error) {
      // its place in the source is not what it was: it has to be written anew
      yield { mutant, caught: false, text: error instanceof Error ? error.message : String(error) };
    }
  }
}

async function hunt(mutant: Mutant, mutated: typeof subject, most: number): Promise<Hunted> {
  const found: string[] = [];
  if (mutant.scenario !== undefined) {
    const outcome = await breaks(mutated, mutant.scenario);
    if (outcome === null) return { mutant, caught: false, text: `scenario ${mutant.scenario} did not catch it` };
    found.push(`scenario ${mutant.scenario} (${outcome})`);
  }
  if (mutant.within > 0) {
    const from = mutant.from ?? 1;
    const first = await firstBroken(mutated, mutant.theme ?? null, from, most);
    if (first === null) return { mutant, caught: false, text: `${most} seeds from ${from} on did not catch it` };
    const { seed, violation } = first;
    found.push(`seed ${seed}, within ${most} from ${from} on (promise ${violation.promise}: ${violation.text})`);
    if (!mutant.breaks.includes(violation.promise)) {
      return {
        mutant,
        caught: false,
        text: `it broke another promise than ${mutant.breaks.join(', ')}: ${found.join('; ')}`,
      };
    }
  }
  return { mutant, caught: true, text: `caught by ${found.join('; ')}` };
}

async function firstBroken(
  { simulate }: typeof subject,
  theme: ThemeName | null,
  from: number,
  most: number,
): Promise<{ readonly seed: number; readonly violation: Violation } | null> {
  for (let seed = from; seed < from + most; seed += 1) {
    const { violation } = await simulate(String(seed), { theme });
    if (violation !== null) return { seed, violation };
  }
  return null;
}

/** How a scenario failed; null when it did not. */
async function breaks({ play, SCENARIOS }: typeof subject, name: string): Promise<string | null> {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  try {
    const violation = await play(scenario);
    return violation === null ? null : `promise ${violation.promise}: ${violation.text}`;
  } catch (error) {
    // it demands more than the promises
    return (error as Error).message.split('\n')[0]!;
  }
}
