import { parseToken } from '../../../src/domain/attempt.ts';
import type { Accuse } from '../violation.ts';
import type { Witness } from '../witness.ts';
import type { Ability } from './ability.ts';

/** Promise 1: over all attempts, a case never has two jobs that are able to run; and no job runs twice. */
export function checkOneJob(
  abilities: readonly Ability[],
  isExcused: (ability: Ability) => boolean,
  witness: Witness,
  accuse: Accuse,
): void {
  const byCase = new Map<string, Ability>();
  for (const ability of abilities) {
    if (isExcused(ability)) continue;
    const caseId = parseToken(ability.token)?.caseId ?? '';
    const other = byCase.get(caseId);
    if (other !== undefined) {
      accuse(
        1,
        `two jobs of one case: ${ability.token} ${ability.kind} on ${ability.host}, ${other.token} ${other.kind} on ${other.host}`,
      );
    }
    byCase.set(caseId, ability);
  }
  for (const record of witness.jobs.values()) {
    if (record.starts > 1) accuse(1, `the payload of ${record.token} was started ${record.starts} times`);
  }
}
