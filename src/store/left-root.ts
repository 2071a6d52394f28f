import { and, eq, inArray, isNotNull, isNull, not, or, sql } from 'drizzle-orm';
import type { SQL } from 'drizzle-orm';

import type { ReadDb, Tx } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';
import { prepared } from './prepared.ts';
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
  const orphans = db
    .select({ token: attempts.token })
    .from(attempts)
    .where(and(eq(attempts.host, host), isNotNull(attempts.orphan)))
    .all();
  const tokens = [...new Set([...onHost(db, { host }), ...orphans].map(({ token }) => token))];
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

/** For a person: what is wrong with a root of which all is there, twice. */
export function saidOfCopy(left: LeftRoot, root: string, n: number): string {
  const which = n === 1 ? 'an attempt that may run lies' : `${n} attempts that may run lie`;
  return `${root} is a copy of ${left.root}, and ${which} in both`;
}

/** Something that counts, on a host that is not in the configuration any more. */
export interface Stray {
  readonly host: string;
  readonly token: string;
}

export function strays(db: ReadDb, configured: readonly string[]): readonly Stray[] {
  return onOthers(db, { configured: JSON.stringify(configured) });
}

/** For a person: what is wrong, and the way out. `found` is not empty. */
export function saidOfRenamed(found: readonly Stray[], host: string): string {
  const [{ host: before } = { host }] = found;
  const n = found.filter((stray) => stray.host === before).length;
  const what = `${n === 1 ? 'an attempt' : `${n} attempts`} of ${before}, which left the configuration, ${n === 1 ? 'lies' : 'lie'} here`;
  return `${what}: name hosts.${host} ${before} again (or put ${before} back beside it, if it is another machine) and restart the daemon, until nothing of ${before} is under way or an orphan`;
}

/** For a person: the way out. */
export function putBack(left: LeftRoot, host: string): string {
  return `put "root: ${left.root}" back under hosts.${host} and restart the daemon, until nothing of ${host} is under way or an orphan`;
}

/** What may run there, is staged, or is still to be collected. An upload that is under way begins anew wherever it is. */
function atStake(where: SQL): (db: ReadDb, values: Readonly<Record<string, string>>) => Stray[] {
  const columns = { host: attempts.host, token: attempts.token };
  const isStaging = eq(cases.phase, 'staging');
  // each by its own index: neither may go through all that ever was
  const live = prepared((db) =>
    db
      .select(columns)
      .from(cases)
      .innerJoin(attempts, eq(attempts.token, cases.token))
      .where(and(inArray(cases.state, ['submitted', 'submitting', 'running']), not(isStaging), where))
      .prepare(),
  );
  const unproven = prepared((db) =>
    db
      .select(columns)
      .from(attempts)
      .leftJoin(cases, and(eq(cases.id, attempts.caseId), eq(cases.token, attempts.token)))
      .where(and(isNull(attempts.proof), where, or(isNull(cases.phase), not(isStaging))))
      .prepare(),
  );
  return (db, values) => {
    const all = [...live(db).all(values), ...unproven(db).all(values)];
    return [...new Map(all.map((stray) => [stray.token, stray])).values()];
  };
}

const onHost = atStake(eq(attempts.host, sql.placeholder('host')));
const onOthers = atStake(sql`${attempts.host} not in (select value from json_each(${sql.placeholder('configured')}))`);
