import { RESULTS } from '../results-folder.ts';
import type { ResultsFolder } from '../results-folder.ts';
import { changed, describe } from './case-facts.ts';
import type { Commit } from './case-facts.ts';

/**
 * Promise 6: completed means that the job exited 0, and that its results are here as it wrote them, made of the inputs
 * that were committed for its attempt.
 */
export function checkCompleted(commit: Commit, results: ResultsFolder): void {
  for (const [before, after] of changed(commit)) {
    if (after.state !== 'completed' || before?.state === 'completed' || after.token === null) continue;
    const { end, outputs, inputs, madeOf } = commit.witness.of(after.token);
    if (end?.kind !== 'exited' || end.exitCode !== 0) {
      commit.accuse(6, `${describe(after)} is completed, and its job ended as ${JSON.stringify(end)}`);
    }
    const path = `${RESULTS}/${after.name}/attempt-${after.attempt}`;
    if (!results.has(path, after.token)) {
      commit.accuse(6, `${describe(after)} is completed without its results`);
    } else if (results.contentOf(path) !== outputs) {
      commit.accuse(6, `${describe(after)} is completed with results that its job did not write`);
    }
    if (madeOf !== inputs) {
      commit.accuse(
        6,
        `${describe(after)} is completed, and was made of ${madeOf ?? 'nothing'}, not of ${inputs ?? '?'}`,
      );
    }
  }
}
