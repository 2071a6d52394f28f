import { SLOT_HOLDING_PHASES } from '../../../domain/case.ts';
import { parseToken } from '../../../domain/attempt.ts';
import type { Troubles } from '../../../domain/trouble.ts';
import type { Blind } from '../../../scheduler/scheduler.ts';
import type { LiveCases } from '../../case/live-cases.ts';
import type { Host } from '../host.ts';

/** Removes what was staged on a host for attempts that will never be staged again. */
export interface Leftovers {
  /** `staging`: what lies staged there. What cannot be removed now is named, and holds up nothing else. */
  runOnce(staging: readonly string[]): Promise<Blind | null>;
}

export function createLeftovers(deps: {
  readonly host: Pick<Host, 'name' | 'scheduler'>;
  readonly live: LiveCases;
  readonly troubles: Troubles;
  readonly signal: AbortSignal;
}): Leftovers {
  const { host, live, troubles, signal } = deps;
  return {
    async runOnce(staging) {
      const leftovers = staging.filter((token) => !isStaging(live, token));
      if (leftovers.length === 0) return null;
      const swept = await host.scheduler.sweepStaging(leftovers, signal);
      if (swept.kind === 'blind') return swept;
      const left = new Map(swept.left.map(({ token, reason }) => [token, reason]));
      for (const token of leftovers) {
        const subject = { kind: 'attempt', host: host.name, token } as const;
        const reason = left.get(token);
        if (reason === undefined) troubles.over(subject, 'unswept');
        else troubles.note(subject, 'unswept', reason);
      }
      return null;
    },
  };
}

function isStaging(live: LiveCases, token: string): boolean {
  const row = live.get(parseToken(token)?.caseId ?? '');
  return row !== null && row.token === token && !SLOT_HOLDING_PHASES.has(row.phase);
}
