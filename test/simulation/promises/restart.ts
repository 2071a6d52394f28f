import { changed, describe } from './case-facts.ts';
import type { Commit } from './case-facts.ts';
import type { Book, Page } from './book.ts';
import type { Accuse } from '../violation.ts';

/**
 * Promise 5: what was being submitted when the daemon died is failed at its start, and its job has not run. An order that
 * waited may have taken the case further at once.
 */
export function checkRestart(before: Page, after: Page, book: Book, accuse: Accuse): void {
  for (const line of before.cases.values()) {
    if (line.state !== 'submitting' || line.setAside !== null) continue;
    const now = after.cases.get(line.id)!;
    if (!book.wasInterrupted(line.id, line.attempt))
      accuse(5, `${describe(now)} was in submitting at the start and was not failed`);
    if (after.slots.some((slot) => slot.token === line.token))
      accuse(5, `${describe(now)} was interrupted and keeps its slot`);
  }
}

/** Held means held: the job of an interrupted case has not run, unless an operator let it go. */
export function checkInterrupted(commit: Commit): void {
  for (const [before, after] of changed(commit)) {
    if (after.failureKind !== 'interrupted' || before?.failureKind === 'interrupted' || after.token === null) continue;
    const record = commit.witness.of(after.token);
    if (record.starts > 0 && !record.operatorReleased && !commit.hasForgotten) {
      commit.accuse(5, `${describe(after)} was interrupted, and its job had been started already`);
    }
  }
}

/** Nothing is submitted again by itself: another attempt needs an operator. */
export function checkAttempts(page: Page, book: Book, accuse: Accuse): void {
  for (const line of page.cases.values()) {
    if (line.attempt === 1) continue;
    const most = 1 + book.retriesOf(line.id);
    if (line.attempt > most)
      accuse(5, `${describe(line)} is in attempt ${line.attempt}, and operators asked for ${most - 1} more`);
  }
}
