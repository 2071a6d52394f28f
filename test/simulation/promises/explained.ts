import type { Accuse } from '../violation.ts';
import type { CaseLine, Page } from './book.ts';
import { describe } from './case-facts.ts';

/** Everything has come to rest: nobody is at work, and no slot is kept for nothing. */
export function isAtRest(page: Page): boolean {
  return (
    [...page.cases.values()].every((line) => line.state === 'completed' || line.state === 'failed') &&
    page.slots.every((slot) => slot.state === 'free') &&
    page.attempts.every((attempt) => attempt.proof !== null && attempt.orphan === null)
  );
}

/** Promise 7, when faults have stopped for long and operators have done their part: all is over, and all is free. */
export function checkExplained(page: Page, whyOf: (line: CaseLine) => string, accuse: Accuse): void {
  for (const line of page.cases.values()) {
    if (line.state === 'completed') continue;
    if (line.state === 'failed') {
      if (line.failure === null) accuse(7, `${describe(line)} failed without a reason`);
      continue;
    }
    accuse(7, `${describe(line)} does not come to its end: ${whyOf(line)}`);
  }
  for (const slot of page.slots) {
    if (slot.state !== 'free') accuse(7, `${slot.host}/${slot.name} stays ${slot.state} for ${slot.token ?? 'nobody'}`);
  }
  for (const attempt of page.attempts) {
    if (attempt.proof === null)
      accuse(7, `the attempt ${attempt.token} never got a proof (${attempt.orphan ?? 'no orphan'})`);
  }
}
