import type { Accuse } from '../violation.ts';
import type { Witness } from '../witness.ts';
import type { Ability } from './ability.ts';
import type { CaseLine, Page } from './book.ts';

/** What the checks of a commit are made with. */
export interface Commit {
  readonly before: Page;
  readonly after: Page;
  readonly abilities: readonly Ability[];
  readonly witness: Witness;
  readonly accuse: Accuse;
  readonly nowMs: number;
  /** A backup was restored: the database has forgotten what it did. */
  readonly hasForgotten: boolean;
}

export type Step = readonly [before: CaseLine | null, after: CaseLine];

/** The cases that a commit changed. */
export function changed({ before, after }: Commit): Step[] {
  const steps: Step[] = [];
  for (const line of after.cases.values()) {
    const old = before.cases.get(line.id) ?? null;
    if (
      old === null ||
      old.entry !== line.entry ||
      old.observedMs !== line.observedMs ||
      old.blindCause !== line.blindCause
    ) {
      steps.push([old, line]);
    }
  }
  return steps;
}

export function describe(line: CaseLine): string {
  return `${line.name} (${line.phase}, ${line.token ?? 'no token'})`;
}
