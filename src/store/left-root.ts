import { and, eq, inArray, isNotNull, isNull, ne, or } from 'drizzle-orm';

import type { ReadDb, Tx } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';
import { attempts, cases } from './schema.ts';

/** The root of a host before its configuration was changed, and what of us still counts on it. */
export interface LeftRoot {
  readonly root: string;
  /** Attempts that lie staged there, that may run, or whose results are still to come. Not empty. */
  readonly tokens: readonly string[];
}

/** Null: the host's root is the one that its jobs were sent to, or nothing there is needed any more. */
export function leftRoot(db: ReadDb, host: string, root: string): LeftRoot | null {
  const before = readMeta(db, `root:${host}`);
  if (before === null || before === root) return null;
  const tokens = atStake(db, host);
  return tokens.length === 0 ? null : { root: before, tokens };
}

/** Work is done in this root from now on. */
export function noteRoot(tx: Tx, host: string, root: string): void {
  if (readMeta(tx, `root:${host}`) !== root) writeMeta(tx, `root:${host}`, root);
}

/** For a person: what is wrong. */
export function saidOf(left: LeftRoot, root: string): string {
  const n = left.tokens.length;
  return `the root was changed to ${root} while ${n === 1 ? 'an attempt lies' : `${n} attempts lie`} in ${left.root}`;
}

/** For a person: the way out. */
export function putBack(left: LeftRoot, host: string): string {
  return `put "root: ${left.root}" back under hosts.${host} and restart the daemon, until nothing of ${host} is under way or an orphan`;
}

/** An upload that is under way begins anew wherever it is. */
function atStake(db: ReadDb, host: string): string[] {
  const isLive = and(inArray(cases.state, ['submitted', 'submitting', 'running']), ne(cases.phase, 'staging'));
  return db
    .select({ token: attempts.token })
    .from(attempts)
    .leftJoin(cases, eq(cases.token, attempts.token))
    .where(
      and(
        eq(attempts.host, host),
        or(
          isLive,
          isNotNull(attempts.orphan),
          and(isNull(attempts.proof), or(isNull(cases.phase), ne(cases.phase, 'staging'))),
        ),
      ),
    )
    .all()
    .map((row) => row.token);
}
