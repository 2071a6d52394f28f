import { describePlanned } from './faults/fault.ts';
import { simulate } from './simulate.ts';
import type { Outcome } from './simulate.ts';

/** Lines of a history that are printed unless all are asked for. */
const SHORT = 60;

/** One world again: its plan, made as short as it goes while it still fails, and its history. Returns the exit code. */
export async function replay(seed: string, full: boolean): Promise<number> {
  const first = await simulate(seed);
  const { outcome, without } =
    first.violation === null || full ? { outcome: first, without: new Set<number>() } : await shorten(first);
  const { violation, plan, history } = outcome;
  if (without.size > 0)
    console.log(`seed ${seed}, without the ${without.size} planned faults that it fails without too:`);
  for (const planned of plan) console.log(`  ${describePlanned(planned)}`);
  const lines = full ? history : history.slice(-SHORT);
  for (const line of lines) console.log(line);
  if (violation === null) {
    console.log(`seed ${seed}: every promise was kept`);
    return 0;
  }
  console.log(`seed ${seed}: promise ${violation.promise} broken: ${violation.text}`);
  console.log(`npm run simulate -- --seed ${seed} --full`);
  return 1;
}

/** Leaves out one planned fault after the other, as long as the same promise breaks. */
async function shorten(first: Outcome): Promise<{ readonly outcome: Outcome; readonly without: ReadonlySet<number> }> {
  let outcome = first;
  const without = new Set<number>();
  for (const { number } of first.plan) {
    const shorter = await simulate(first.seed, { without: new Set([...without, number]) });
    if (shorter.violation?.promise !== first.violation?.promise) continue;
    without.add(number);
    outcome = shorter;
  }
  return { outcome, without };
}
