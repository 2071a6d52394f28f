import type { Accuse } from '../violation.ts';
import type { CaseLine, Page } from './book.ts';
import { describe } from './case-facts.ts';

/** Promise 7: what holds a case up is a trouble of its attempt for as long as it does, with the same reason. */
export function checkTroubles(before: Page, after: Page, accuse: Accuse): void {
  if (before.cases === after.cases && before.troubles === after.troubles) return;
  const blocked = new Map<string, CaseLine>();
  for (const line of after.cases.values())
    if (line.blocked !== null && line.token !== null && line.host !== null) blocked.set(line.token, line);
  for (const { token, what, reason } of after.troubles) {
    if (what !== 'blocked') continue;
    const line = blocked.get(token);
    if (line === undefined) accuse(7, `a trouble of ${token} lasts, and no case is held up by it: ${reason}`);
    else if (line.blocked !== reason) accuse(7, `${describe(line)} says ${line.blocked}, and its trouble ${reason}`);
    blocked.delete(token);
  }
  for (const line of blocked.values())
    accuse(7, `${describe(line)} is held up, and no trouble is recorded: ${line.blocked}`);
}
