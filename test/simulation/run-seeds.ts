import { simulate } from './simulate.ts';
import { replay } from './replay.ts';

/** How many failing seeds are told before the run gives up. */
const MOST_FAILURES = 10;

/** Worlds from a seed on. Returns the exit code. */
export async function runSeeds(from: number, count: number, _jobs: number): Promise<number> {
  const begun = performance.now();
  const sums = { worlds: 0, crashes: 0, blindSpells: 0, virtualMs: 0, without: 0 };
  const failed: string[] = [];
  for (let seed = from; seed < from + count && failed.length < MOST_FAILURES; seed += 1) {
    const outcome = await simulate(String(seed));
    sums.worlds += 1;
    sums.crashes += outcome.crashes;
    sums.blindSpells += outcome.blindSpells;
    sums.virtualMs += outcome.virtualMs;
    if (outcome.crashes === 0 || outcome.blindSpells === 0) sums.without += 1;
    if (outcome.violation === null) continue;
    failed.push(outcome.seed);
    console.log(`seed ${seed}: promise ${outcome.violation.promise}: ${outcome.violation.text}`);
  }
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${sums.worlds} worlds in ${seconds.toFixed(1)} s (${(sums.worlds / seconds).toFixed(1)}/s): ` +
      `${sums.crashes} crashes, ${sums.blindSpells} blind spells (${sums.without} worlds without one), ` +
      `${(sums.virtualMs / 3_600_000).toFixed(1)} virtual hours; ${failed.length} broke a promise`,
  );
  if (failed[0] !== undefined) await replay(failed[0], false);
  return failed.length === 0 ? 0 : 1;
}
