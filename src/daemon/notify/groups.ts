import type { IncidentRow } from '../../store/incidents.ts';
import type { FinalEntry } from '../../store/queries.ts';

/** Ids that one message names; the others are counted. */
const MOST_NAMED = 50;

type Group = Pick<IncidentRow, 'kind' | 'subject' | 'openedAt' | 'count' | 'facts'>;

/** What becomes of the groups: those whose time is over, those that grow, and new ones. */
export interface Grouping {
  readonly closed: readonly IncidentRow[];
  readonly changed: readonly Pick<IncidentRow, 'id' | 'count' | 'facts'>[];
  readonly begun: readonly Group[];
}

/** Puts ends of cases together that happen within `groupMs` of the first, failures by their kind. */
export function groupFinals(
  open: readonly IncidentRow[],
  entries: readonly FinalEntry[],
  groupMs: number,
  now: number,
): Grouping {
  const groups = open.filter(({ kind }) => kind === 'case_failed' || kind === 'case_completed');
  // before its begin: the clock was set back
  const closed = groups.filter(({ openedAt }) => now >= openedAt + groupMs || now < openedAt);
  const changed = new Map<string, IncidentRow>();
  const begun = new Map<string, Group>();
  for (const entry of entries) {
    const isFailed = entry.toPhase === 'failed';
    const kind = isFailed ? 'case_failed' : 'case_completed';
    const subject = isFailed ? (entry.failureKind ?? 'unknown') : 'completed';
    const growing = groups.find((row) => row.kind === kind && row.subject === subject && !closed.includes(row));
    if (growing === undefined) {
      const group = begun.get(`${kind} ${subject}`) ?? { kind, subject, openedAt: entry.at, ...nobody(entry) };
      begun.set(`${kind} ${subject}`, { ...group, ...joined(group, entry) });
    } else {
      const row = changed.get(growing.id) ?? growing;
      changed.set(row.id, { ...row, ...joined(row, entry) });
    }
  }
  return {
    closed,
    changed: [...changed.values()].map(({ id, count, facts }) => ({ id, count, facts })),
    begun: [...begun.values()],
  };
}

function nobody({ failureKind }: FinalEntry): Pick<Group, 'count' | 'facts'> {
  return { count: 0, facts: { ...(failureKind === null ? {} : { failure: failureKind }), cases: [] } };
}

function joined(
  { count, facts }: Pick<Group, 'count' | 'facts'>,
  { caseId }: FinalEntry,
): Pick<Group, 'count' | 'facts'> {
  const named = facts['cases'] as readonly string[];
  const cases = named.length < MOST_NAMED && !named.includes(caseId) ? [...named, caseId] : named;
  return { count: count + 1, facts: { ...facts, cases } };
}
