import { parseToken } from '../domain/attempt.ts';
import { TROUBLES } from '../domain/trouble.ts';
import type { TroubleKind } from '../domain/trouble.ts';
import type { TroubleRow } from '../store/queries.ts';
import { timeText } from './shapes/time.ts';

/** Troubles of one kind on one host that are told one by one; more of them are told together. */
const TOLD_SINGLY = 3;

export interface TroubleShape {
  /** `daemon`, `intake`, `host/NAME`, `target/NAME`, `attempt/TOKEN`. */
  readonly subject: string;
  readonly what: TroubleKind;
  readonly host: string | null;
  /** The case whose attempt it is. */
  readonly case: string | null;
  readonly reason: string;
  readonly since: string;
  readonly last: string;
  /** How often it began: one that comes and goes is the same. */
  readonly times: number;
}

export function troubleShape(row: TroubleRow): TroubleShape {
  return {
    subject: row.subject,
    what: row.what,
    host: row.host,
    case: caseIdOf(row),
    reason: row.reason,
    since: timeText(row.since),
    last: timeText(row.last),
    times: row.times,
  };
}

function caseIdOf({ token }: Pick<TroubleRow, 'token'>): string | null {
  return token === null ? null : (parseToken(token)?.caseId ?? null);
}

/** What is wrong, with what, and why, in one sentence. */
export function troubleText(row: TroubleRow): string {
  return `${about(row)}${TROUBLES[row.what]}: ${row.reason}`;
}

function about({ subject, host, token }: TroubleRow): string {
  if (token !== null) return `${token} on ${host ?? '?'}: `;
  const [kind, name] = subject.split('/', 2);
  return name === undefined ? '' : `${kind === 'target' ? `notification target ${name}` : name}: `;
}

/** The command that shows more, or with which it is mended. It is safe to type. */
export function troubleNext({ what, subject, token }: Pick<TroubleRow, 'what' | 'subject' | 'token'>): string {
  switch (what) {
    case 'blocked':
      return `mqi why ${caseIdOf({ token }) ?? ''}`.trim();
    case 'unproven':
      return 'mqi orphans';
    case 'unremoved':
    case 'unswept':
      return 'mend its owner or its rights on the host; the daemon tries again by itself';
    case 'undelivered':
      return `mqi notifications test ${subject.split('/', 2)[1] ?? ''}`.trim();
    case 'standing':
      return 'see whether its file server runs and it is mounted; the daemon goes on by itself then';
    case 'hidden':
      return "give the daemon's user the right to read them; the daemon goes on by itself then";
    case 'unreadable':
      return "mount it, or give the daemon's user the right to read it; the daemon goes on by itself then";
    case 'unwatched':
    case 'crowded':
    case 'incomplete':
    case 'strays':
    case 'intake':
      return 'mqi intake list';
    case 'log':
      return 'have somebody read what the daemon prints, or send it to a file: mqi service print';
    default:
      return 'mqi doctor';
  }
}

/** Many of one kind on one host are one line: the longest of them is named. */
export interface TroubleLine {
  readonly what: string;
  readonly next: string;
  /** The first of them. */
  readonly row: TroubleRow;
}

export function troubleLines(rows: readonly TroubleRow[]): readonly TroubleLine[] {
  const groups = new Map<string, TroubleRow[]>();
  for (const row of rows) {
    const key = `${row.what} ${row.host ?? row.subject}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((group) => {
    const told = group.length > TOLD_SINGLY ? group.slice(0, 1) : group;
    return told.map((row) => ({
      what: told.length === group.length ? troubleText(row) : `${troubleText(row)}; and ${group.length - 1} more so`,
      next: troubleNext(row),
      row,
    }));
  });
}
