import { distance } from 'fastest-levenshtein';

import { candidateNames, caseNames, findCandidates, findCases } from '../store/queries.ts';
import type { CandidateRow, ListedCase, ReadDb } from '../store/queries.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';

/** How many an ambiguous prefix lists; more are no choice any more. */
const MOST_LISTED = 10;

/** A third of the letters may be wrong: beyond that a suggestion misleads more often than it helps. */
const WRONG_SHARE = 3;

/**
 * The case that a person means: its id, a unique beginning of the id, its exact name, or a unique beginning of the name.
 * @throws CliError that lists what it may mean
 */
export function resolveCase(db: ReadDb, text: string): ListedCase {
  const found = findCases(db, text, MOST_LISTED + 1);
  const [only, second] = found;
  if (only === undefined) throw unknownCase(db, text);
  if (second !== undefined) throw ambiguousCase(text, found);
  return only;
}

/** For `why`, which also explains a folder that is no case yet. */
export function resolveCaseOrFolder(
  db: ReadDb,
  text: string,
): { readonly kind: 'case'; readonly row: ListedCase } | { readonly kind: 'folder'; readonly row: CandidateRow } {
  const [folder] = findCandidates(db, text).filter((row) => row.caseId === null || row.state !== 'admitted');
  const isCase = findCases(db, text, 1).length > 0;
  return folder !== undefined && !isCase
    ? { kind: 'folder', row: folder }
    : { kind: 'case', row: resolveCase(db, text) };
}

function ambiguousCase(text: string, found: readonly ListedCase[]): CliError {
  const shown = found.slice(0, MOST_LISTED).map((row) => `${row.id}  ${row.name}  ${row.phase}`);
  const rest = found.length > MOST_LISTED ? ['and more'] : [];
  return new CliError(`${text} may mean several cases`, 'give the id, or more of the name', EXIT.usage, [
    ...shown,
    ...rest,
  ]);
}

function unknownCase(db: ReadDb, text: string): CliError {
  const meant = nearestNames(text, [...caseNames(db), ...candidateNames(db)]);
  return new CliError(
    `there is no case ${text}`,
    `mqi cases list --search ${/^[\w.-]+$/.test(text) ? text : 'TEXT'}`,
    EXIT.notFound,
    meant.length === 0 ? [] : [`did you mean ${meant.join(', or ')}?`],
  );
}

/** The nearest first, three at most. */
export function nearestNames(text: string, names: readonly string[]): readonly string[] {
  const wanted = text.toLowerCase();
  return names
    .map((name) => ({ name, far: distance(wanted, name.toLowerCase()) }))
    .filter(({ name, far }) => far <= Math.max(1, Math.floor(Math.max(wanted.length, name.length) / WRONG_SHARE)))
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ name }) => name);
}
