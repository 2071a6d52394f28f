import type { Failure } from '../domain/failure.ts';
import type { AttemptRow } from '../store/queries.ts';

/**
 * What a failure says now: of an interrupted submission, also what was found of it on the host since; of an abandoned
 * case, whether its job is proven gone by now.
 */
export function failureNow(failure: Failure | null, attempt: AttemptRow | null): Failure | null {
  if (failure === null || attempt === null) return failure;
  if (failure.kind === 'abandoned' && attempt.orphan !== null) {
    const adopt = `mqi cases adopt ${attempt.caseId} --token ${attempt.token}`;
    return attempt.proof === null
      ? { ...failure, hint: `${adopt} takes its job back, or mqi orphans kill ${attempt.token} --why REASON ends it` }
      : { ...failure, hint: `${attempt.orphan}: ${adopt} takes its results, or mqi cases retry ${attempt.caseId}` };
  }
  if (failure.kind === 'abandoned' && attempt.proof !== null) {
    const gone =
      attempt.proof === 'operator'
        ? "by an operator's word nothing of its job runs"
        : 'nothing of its job runs any more';
    return { ...failure, hint: `${gone}: mqi cases retry ${attempt.caseId}` };
  }
  if (failure.kind !== 'interrupted') return failure;
  const { found, command } = remainsOf(attempt, failure.hint);
  return { ...failure, hint: `${found}: ${command}` };
}

function remainsOf(attempt: AttemptRow, retry: string): { readonly found: string; readonly command: string } {
  const { host, jobId, proof, orphan } = attempt;
  const adopt = `mqi cases adopt ${attempt.caseId} --token ${attempt.token}`;
  if (orphan !== null) return { found: `its job was found on ${host} and ran all the same, ${orphan}`, command: adopt };
  switch (proof) {
    case 'revoked':
      return jobId === null
        ? { found: `no job of it was found on ${host}`, command: retry }
        : { found: `its held job ${jobId} was found on ${host}, revoked and removed`, command: retry };
    case 'gone':
      return { found: `its job ran on ${host} all the same, and nothing of it runs any more`, command: retry };
    case 'operator':
      return { found: `by an operator's word nothing of it runs on ${host}`, command: retry };
    case null:
    case 'never_created':
      return { found: `${host} was not asked yet whether a job of it lies there`, command: retry };
  }
}

/** The page that tells more of a kind of failure, in the package's own folder. */
export function failurePage(failure: Failure): string {
  return `docs/failures.md#${failure.kind}`;
}
