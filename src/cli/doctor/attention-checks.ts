import { existsSync } from 'node:fs';

import {
  countCandidates,
  isBeingChecked,
  isUnreachable,
  lastingTroubles,
  listBlocked,
  listHosts,
  listOrphans,
  listSetAside,
  listSlots,
  listStranded,
} from '../../store/queries.ts';
import type { ReadDb, TroubleRow } from '../../store/queries.ts';
import { daemonOf } from '../../store/lock.ts';
import { openReader } from '../../store/open.ts';
import { troubleLines } from '../../views/troubles.ts';
import { plural } from '../words.ts';
import { fail, ok, runCheck, warn } from './check.ts';
import type { Check, Checked, Finding, Survey } from './check.ts';

/** What the daemon left for a person. */
export function attentionChecks(database: string): readonly (Check | Survey)[] {
  if (!existsSync(database)) return [];
  const reading = (name: string, read: (db: ReadDb) => Finding): Check => ({
    name,
    run() {
      const reader = openReader(database);
      try {
        return read(reader.db);
      } finally {
        reader.close();
      }
    },
  });
  return [
    reading('hosts', (db) => hosts(db, daemonOf(database).running)),
    reading('slots', slots),
    reading('orphans', orphans),
    reading('set aside', setAside),
    blockedSurvey(database),
    reading('intake', intake),
    ...troublesOf(database),
  ];
}

/** While no daemon runs nobody checks them, so that nothing is known of any host. */
function hosts(db: ReadDb, daemonRuns: boolean): Finding {
  const rows = listHosts(db);
  const away = rows.filter((host) => daemonRuns && isUnreachable(host));
  const [first] = away;
  if (first !== undefined) {
    const rest = away.length > 1 ? `; and ${away.length - 1} more` : '';
    return fail(
      `${first.name} cannot be reached: ${first.reason ?? 'no reason was recorded'}${rest}`,
      'mqi hosts list',
    );
  }
  const stranded = listStranded(db);
  const [left] = stranded;
  if (left !== undefined) {
    return warn(
      `${plural(stranded.length, 'case')} on a host that left the configuration, such as ${left.name} on ${left.host ?? '?'}`,
      `mqi why ${left.id}`,
    );
  }
  const [back] = rows.filter((host) => daemonRuns && isBeingChecked(host));
  if (back !== undefined) {
    return warn(
      `${back.name} answers again and is being checked: nothing new starts there until then (was lost: ${back.reason ?? 'no reason was recorded'})`,
      'mqi hosts list',
    );
  }
  if (rows.length === 0) return ok('none was checked yet');
  if (!daemonRuns) return ok('no daemon is running, so nobody checks');
  return ok(rows.map((host) => `${host.name} ${host.state}`).join(', '));
}

function slots(db: ReadDb): Finding {
  const rows = listSlots(db);
  const [first, second] = rows.filter((slot) => slot.state === 'quarantined');
  if (first === undefined) {
    const busy = rows.filter((slot) => slot.busy !== null).length;
    return ok(`${rows.length}, none quarantined${busy === 0 ? '' : `; ${busy} on a GPU that is busy with other work`}`);
  }
  const name = `${first.host}/${first.name}`;
  return warn(
    `${name} is quarantined: ${first.reason ?? 'no reason was recorded'}${second === undefined ? '' : '; and others'}`,
    `mqi slots clear ${name} --dry-run`,
  );
}

function orphans(db: ReadDb): Finding {
  const { length } = listOrphans(db);
  return length === 0 ? ok('none') : warn(`${plural(length, 'job')} found that no live case owns`, 'mqi orphans');
}

function setAside(db: ReadDb): Finding {
  const rows = listSetAside(db);
  const [first] = rows;
  if (first === undefined) return ok('none');
  return fail(
    `${plural(rows.length, 'case')} whose saved state cannot be read, such as ${first.name}`,
    `mqi why ${first.id}`,
  );
}

/** Lines for blocked cases; of very many of them the list tells. */
const MOST_BLOCKED = 12;

/** Each blocked case with its own reason. */
function blockedSurvey(database: string): Survey {
  const line = (finding: Finding): Checked => ({ host: null, name: 'blocked', ...finding });
  return {
    async survey() {
      let rows: ReturnType<typeof listBlocked> = [];
      const finding = await runCheck({
        run() {
          const reader = openReader(database);
          try {
            rows = listBlocked(reader.db);
          } finally {
            reader.close();
          }
          return ok('none');
        },
      });
      if (rows.length === 0) return [line(finding)];
      const more = rows.length - MOST_BLOCKED;
      return [
        ...rows
          .slice(0, MOST_BLOCKED)
          .map((row) => line(warn(`${row.name}: ${row.blocked ?? ''}`, `mqi why ${row.id}`))),
        ...(more > 0 ? [line(warn(`${plural(more, 'more case')} that cannot go on`, 'mqi cases list'))] : []),
      ];
    },
  };
}

/** A line for each thing that is wrong; what has a line of its own above is left out. */
function troublesOf(database: string): readonly Check[] {
  const lines = troubleLines(troublesIn(database).filter(({ what }) => what !== 'blocked' && what !== 'undelivered'));
  return lines.map(({ what, next }) => ({ name: 'trouble', run: () => warn(what, next) }));
}

/** A database that cannot be read is told by each of the other checks. */
function troublesIn(database: string): readonly TroubleRow[] {
  try {
    const reader = openReader(database);
    try {
      return lastingTroubles(reader.db);
    } finally {
      reader.close();
    }
  } catch {
    return [];
  }
}

function intake(db: ReadDb): Finding {
  const counts = countCandidates(db);
  const history = counts.get('history') ?? 0;
  if (history > 0)
    return warn(`${plural(history, 'folder')} held back since the first start`, 'mqi intake admit --all');
  const rejected = counts.get('rejected') ?? 0;
  if (rejected > 0) return warn(`${plural(rejected, 'folder')} rejected`, 'mqi intake list --state rejected');
  return ok(`${counts.get('settling') ?? 0} settling, none held back or rejected`);
}
