import { DAEMON_MUTANTS } from './daemon-mutants.ts';
import { HOST_MUTANTS } from './host-mutants.ts';
import { loadMutant } from './mutant.ts';
import type { Mutant } from './mutant.ts';

export const MUTANTS: readonly Mutant[] = [...DAEMON_MUTANTS, ...HOST_MUTANTS];

export interface Hunted {
  readonly mutant: Mutant;
  readonly outcome: {
    /** `unfit`: its place in the source is not what it was; it has to be written anew. */
    readonly kind: 'caught' | 'got away' | 'unfit';
    readonly text: string;
  };
}

/** Each mutant whose name contains `only`, with at most so many worlds; null: as many as it says itself. */
export async function* huntAll(only: string, most: number | null): AsyncGenerator<Hunted> {
  for (const mutant of MUTANTS)
    if (mutant.name.includes(only)) yield { mutant, outcome: await hunt(mutant, most ?? mutant.within) };
}

/** Runs one world after the other until a promise is broken. */
async function hunt(mutant: Mutant, most: number): Promise<Hunted['outcome']> {
  try {
    const { simulate } = await loadMutant(mutant);
    for (let seed = 1; seed <= most; seed += 1) {
      const { violation } = await simulate(String(seed));
      if (violation === null) continue;
      return {
        kind: 'caught',
        text: `caught by seed ${seed} of ${most}: promise ${violation.promise}: ${violation.text}`,
      };
    }
  } catch (error) {
    return { kind: 'unfit', text: error instanceof Error ? error.message : String(error) };
  }
  return { kind: 'got away', text: `${most} seeds did not catch it` };
}
