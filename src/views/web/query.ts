import { CASE_STATES, PHASES } from '../../domain/case.ts';
import type { Phase } from '../../domain/case.ts';
import { FAILURE_KINDS } from '../../domain/failure.ts';
import { parseCursor } from '../../store/queries.ts';
import type { CaseFilter, Cursor } from '../../store/queries.ts';

/** Nobody searches for more; a pattern of this length is cheap. */
const LONGEST_SEARCH = 200;

const ALL_PHASES: readonly Phase[] = CASE_STATES.flatMap((state): readonly Phase[] => PHASES[state]);

/** The filter in an address: what is no word of ours is left out, never an error. */
export function filterOf(params: URLSearchParams): CaseFilter {
  const word = <T extends string>(name: string, words: readonly T[]): T | undefined =>
    words.find((candidate) => candidate === params.get(name));
  const [state, phase, failure] = [
    word('state', CASE_STATES),
    word('phase', ALL_PHASES),
    word('failure', FAILURE_KINDS),
  ];
  const search = (params.get('q') ?? '').trim().slice(0, LONGEST_SEARCH);
  const host = (params.get('host') ?? '').slice(0, LONGEST_SEARCH);
  return {
    ...(state === undefined ? {} : { state }),
    ...(phase === undefined ? {} : { phase }),
    ...(failure === undefined ? {} : { failure }),
    ...(search === '' ? {} : { search }),
    ...(host === '' ? {} : { host }),
  };
}

export function cursorOf(params: URLSearchParams): Cursor | null {
  return parseCursor(params.get('after') ?? '');
}

/** The address of the list with this filter. */
export function casesAddress(filter: CaseFilter, after: string | null = null): string {
  const { search, ...words } = filter;
  const params = new URLSearchParams({
    ...(search === undefined ? {} : { q: search }),
    ...words,
    ...(after === null ? {} : { after }),
  });
  const text = params.toString();
  return text === '' ? '/cases' : `/cases?${text}`;
}
