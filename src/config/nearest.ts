import { distance } from 'fastest-levenshtein';

/** The candidate that was most likely meant; null when none is near. Case, `-` and `_` do not count as differences. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const plain = bare(word);
  if (plain === '') return null;
  const best = candidates
    .map((candidate) => ({ candidate, far: farness(plain, bare(candidate)) }))
    .sort((a, b) => a.far - b.far)[0];
  return best !== undefined && best.far <= tolerance(plain, bare(best.candidate)) ? best.candidate : null;
}

/** `passphrase` for `passphrase_file`, `wran` for `warn`: one slip each, whatever the count of letters says. */
function farness(word: string, candidate: string): number {
  const shorter = Math.min(word.length, candidate.length);
  const isBeginning = shorter >= 3 && (candidate.startsWith(word) || word.startsWith(candidate));
  return isBeginning || isSwapped(word, candidate) ? 1 : distance(word, candidate);
}

function isSwapped(word: string, candidate: string): boolean {
  const at = Array.from(word, (letter, index) => letter === candidate[index]).indexOf(false);
  return at >= 0 && `${word.slice(0, at)}${word[at + 1]}${word[at]}${word.slice(at + 2)}` === candidate;
}

/** A third of the letters may be wrong, and always one: beyond that a suggestion misleads more often than it helps. */
function tolerance(word: string, candidate: string): number {
  return Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
}

function bare(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}
