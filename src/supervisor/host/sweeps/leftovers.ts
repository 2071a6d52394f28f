import type { Troubles } from '../../../domain/trouble.ts';
import type { Blind } from '../../../scheduler/scheduler.ts';
import type { ReadDb } from '../../../store/database.ts';
import type { Host } from '../host.ts';
import { ownerOf } from './owner.ts';

/** Removes what was staged on a host for attempts that will never be staged again. */
export interface Leftovers {
  /** `staging`: what lies staged there. What cannot be removed now is named, and holds up nothing else. */
  runOnce(staging: readonly string[]): Promise<Blind | null>;
}

export function createLeftovers(deps: {
  readonly host: Pick<Host, 'name' | 'scheduler'>;
  readonly db: ReadDb;
  readonly troubles: Troubles;
  readonly signal: AbortSignal;
}): Leftovers {
  const { host, db, troubles, signal } = deps;
  const subjectOf = (token: string) => ({ kind: 'attempt', host: host.name, token }) as const;
  /** Those that could not be removed the last time. */
  let told: readonly string[] = [];
  return {
    async runOnce(staging) {
      // what was listed for a live case may be on its way into the attempt's directory now: it goes when the case ends
      const leftovers = staging.filter((token) => ownerOf(db, token) === null);
      const swept =
        leftovers.length === 0
          ? ({ kind: 'swept', left: [] } as const)
          : await host.scheduler.sweepStaging(leftovers, signal);
      if (swept.kind === 'blind') return swept;
      const left = swept.left.map(({ token }) => token);
      for (const { token, reason } of swept.left) troubles.note(subjectOf(token), 'unswept', reason);
      // gone, be it by somebody else's hand
      for (const token of told) if (!left.includes(token)) troubles.over(subjectOf(token), 'unswept');
      told = left;
      return null;
    },
  };
}
