import type { ResultsFolder } from '../results-folder.ts';
import { changed, describe } from './case-facts.ts';
import type { Commit } from './case-facts.ts';

/** Promise 6: completed means that the job exited 0, and that its results are here. */
export function checkCompleted(commit: Commit, results: ResultsFolder): void {
  for (const [before, after] of changed(commit)) {
    if (after.state !== 'completed' || before?.state === 'completed' || after.token === null) continue;
    const { end } = commit.witness.of(after.token);
    if (end?.kind !== 'exited' || end.exitCode !== 0) {
      commit.accuse(6, `${describe(after)} is completed, and its job ended as ${JSON.stringify(end)}`);
    }
    if (!results.has(`${after.name}/attempt-${after.attempt}`, after.token)) {
      commit.accuse(6, `${describe(after)} is completed without its results`);
    }
  }
}
