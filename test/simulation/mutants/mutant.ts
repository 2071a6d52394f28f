import type { ThemeName } from '../faults/themes.ts';
import type * as subject from './subject.ts';

/** A text of a file, found exactly once, and what stands there instead. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A variant of the project with one mechanism switched off. */
export interface Mutant {
  readonly name: string;
  /** The promises that it breaks (DESIGN.md section 1, MODEL.md), any of them first. */
  readonly breaks: readonly number[];
  /** One of so many seeds breaks a promise; 0 where only its scenario is that exact. */
  readonly within: number;
  /** The first of them, 1 unless given: of a rare history, so that a hunt does not begin at the same worlds in vain. */
  readonly from?: number;
  /** The theme of those worlds; by chance where it does not matter. */
  readonly theme?: ThemeName;
  /** The scenario that breaks a promise, or does not come to its end. */
  readonly scenario?: string;
  readonly patches: readonly Patch[];
}

/** The same modules, loaded anew with its patches (typescript-loader.mjs). */
export async function loadMutant(mutant: Mutant): Promise<typeof subject> {
  const url = new URL('subject.ts', import.meta.url);
  url.searchParams.set('mutant', JSON.stringify(mutant.patches));
  return (await import(url.href)) as typeof subject;
}
