import type * as simulation from '../simulate.ts';

/** A text of a file, found exactly once, and what stands there instead. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A variant of the project with one mechanism switched off. */
export interface Mutant {
  readonly name: string;
  /** What it breaks, by DESIGN.md section 1 and MODEL.md. */
  readonly breaks: readonly number[];
  /** Caught within so many seeds, from 1 on. */
  readonly within: number;
  readonly patches: readonly Patch[];
}

/** The simulation of a mutant: the same modules, loaded anew with its patches (typescript-loader.mjs). */
export async function loadMutant(mutant: Mutant): Promise<typeof simulation> {
  const url = new URL('../simulate.ts', import.meta.url);
  url.searchParams.set('mutant', JSON.stringify(mutant.patches));
  return (await import(url.href)) as typeof simulation;
}
