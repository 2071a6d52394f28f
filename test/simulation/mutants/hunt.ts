import { DAEMON_MUTANTS } from './daemon-mutants.ts';
import { HOST_MUTANTS } from './host-mutants.ts';
import { loadMutant } from './mutant.ts';
import type { Mutant } from './mutant.ts';
import type { Violation } from '../violation.ts';

export const MUTANTS: readonly Mutant[] = [...DAEMON_MUTANTS, ...HOST_MUTANTS];

export interface Catch {
  readonly mutant: Mutant;
  /** Null: it got away. */
  readonly caught: { readonly seeds: number; readonly violation: Violation } | null;
}

/** Runs one world after the other until a promise is broken. */
export async function hunt(mutant: Mutant, most: number): Promise<Catch> {
  const { simulate } = await loadMutant(mutant);
  for (let seed = 1; seed <= most; seed += 1) {
    const { violation } = await simulate(String(seed));
    if (violation !== null) return { mutant, caught: { seeds: seed, violation } };
  }
  return { mutant, caught: null };
}
