import { parseToken } from '../../../src/domain/attempt.ts';
import type { TroubleKind } from '../../../src/domain/trouble.ts';
import type { Accuse } from '../violation.ts';
import type { CaseLine, Page } from './book.ts';
import { describe } from './case-facts.ts';

/** What is odd of one attempt or one case, and stays so. */
export interface Odd {
  readonly tokens: ReadonlySet<string>;
  /** Names of cases. */
  readonly cases: ReadonlySet<string>;
  /** What lies on a host although it should not: it must be named as that. */
  readonly left: readonly { readonly token: string; readonly what: TroubleKind }[];
  /** Directories of attempts that nothing keeps from being removed, and that were to be removed long ago. */
  readonly kept: readonly string[];
}

/** Promise 8, when only these have been odd for long: everybody else came to an end, and what stays is named. */
export function checkOthers(page: Page, odd: Odd, accuse: Accuse): void {
  for (const text of waitingBeside(page, odd))
    accuse(8, `${text}, while only ${[...odd.tokens, ...odd.cases].join(', ')} is odd`);
  for (const { token, what } of odd.left) {
    if (!page.troubles.some((trouble) => trouble.token === token && trouble.what === what))
      accuse(7, `nobody is told that ${token} is ${what}`);
  }
  const ids = caseIdsOf(odd);
  for (const token of odd.kept)
    if (!ids.has(parseToken(token)?.caseId ?? ''))
      accuse(8, `${token} is still not removed, while only ${[...odd.tokens].join(', ')} is odd`);
}

/** What has not come to its end, and nothing that is odd is in its way: in words. */
export function waitingBeside(page: Page, odd: Odd): string[] {
  const { tokens, cases } = odd;
  const ids = caseIdsOf(odd);
  const isOdd = ({ id, name }: CaseLine): boolean => ids.has(id) || cases.has(name);
  const waiting: string[] = [];
  for (const line of page.cases.values()) {
    if (line.state === 'completed' || line.state === 'failed' || isOdd(line)) continue;
    // each GPU that it may have is kept by what is odd
    if (line.state === 'submitted' && !page.slots.some((slot) => mayHave(line, slot.host) && slot.state === 'free'))
      continue;
    waiting.push(`${describe(line)} does not come to its end`);
  }
  for (const { token, caseId, proof, orphan } of page.attempts) {
    if (tokens.has(token) || (caseId !== null && ids.has(caseId))) continue;
    const owner = caseId === null ? undefined : page.cases.get(caseId);
    if (owner !== undefined && (owner.token === token || cases.has(owner.name))) continue;
    if (proof === null || orphan !== null) waiting.push(`${token} has no proof, or nobody decides on it`);
  }
  return waiting;
}

/** Of the cases whose attempts are odd. */
function caseIdsOf({ tokens }: Odd): ReadonlySet<string> {
  return new Set([...tokens].flatMap((token) => parseToken(token)?.caseId ?? []));
}

function mayHave(line: CaseLine, host: string): boolean {
  return line.host === null || line.host === host;
}
