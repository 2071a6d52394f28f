import type { NotifyConfig } from '../../config/config.ts';
import { LASTING_ALARMS } from '../../domain/alarm.ts';
import type { AlarmKind } from '../../domain/alarm.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Store, Tx } from '../../store/database.ts';
import {
  endIncidentsQuietly,
  forgetIncidents,
  giveUpOtherSinks,
  insertDelivery,
  insertIncident,
  openIncidents,
  tellEnd,
  updateIncident,
} from '../../store/incidents.ts';
import type { IncidentRow } from '../../store/incidents.ts';
import { readMeta, writeMeta } from '../../store/meta.ts';
import { finalEntries, jobsNearLimit, lastJournalId, listHosts, liveByHost } from '../../store/queries.ts';
import { readSlots } from '../../store/slots.ts';
import { lastingTroubles } from '../../store/troubles.ts';
import { incidentsNow } from './alarms.ts';
import type { DiskFacts, Lasting } from './alarms.ts';
import { incidentId } from './incident-id.ts';
import { groupFinals } from './groups.ts';
import type { Grouping } from './groups.ts';

/** Asking a file system costs a little, and none fills up within this. */
const DISKS_EVERY_MS = 10_000;
/** How long what is over can be looked up. */
const KEEP_MS = 90 * 86_400_000;
const FORGET_EVERY_MS = 3_600_000;
const FORGET_MOST = 1_000;
/** Rows of the journal without an end of a case, after which the place in it is written anyway. */
const FAR_BEHIND = 10_000;

/** Compares the world with the incidents that are recorded, and records what begins, changes and ends. */
export interface Recorder {
  /** What another configuration has left is brought in line with this one. */
  begin(): void;
  /** True: there is something to deliver. */
  runOnce(): Promise<boolean>;
}

export function createRecorder(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly notify: NotifyConfig;
  readonly instance: string;
  readonly measureDisks: () => Promise<readonly DiskFacts[]>;
}): Recorder {
  const { store, clock, notify, instance } = deps;
  let disks: readonly DiskFacts[] = [];
  let disksAtMs = Number.NEGATIVE_INFINITY;
  let forgotAtMs = Number.NEGATIVE_INFINITY;

  const sinksFor = (kind: AlarmKind): readonly string[] =>
    notify.sinks.filter((sink) => sink.on.includes(kind)).map((sink) => sink.name);
  const isTold = (kind: AlarmKind): boolean => sinksFor(kind).length > 0;

  const open = (
    tx: Tx,
    incident: Pick<IncidentRow, 'kind' | 'subject' | 'openedAt' | 'count' | 'facts'>,
    tellAt: number,
    at: number,
  ): void => {
    const id = incidentId(instance, incident.kind, incident.subject, incident.openedAt);
    insertIncident(tx, { ...incident, id, updatedAt: at });
    for (const sink of sinksFor(incident.kind))
      insertDelivery(tx, { incidentId: id, sink, edge: 'opened' }, tellAt, at);
  };

  /** What lasts: opens, changes, ends. */
  const lastingChanges = (known: readonly IncidentRow[], at: number): ((tx: Tx) => void)[] => {
    const facts = {
      hosts: listHosts(store.db),
      slots: readSlots(store.db),
      troubles: lastingTroubles(store.db),
      nearLimit: jobsNearLimit(store.db, notify.nearLimitPercent),
      live: liveByHost(store.db),
      disks,
    };
    const { lasting, unsure } = incidentsNow(facts, notify, known, at);
    const told = lasting.filter(({ kind }) => isTold(kind));
    const begun = told.filter((incident) => recordOf(known, incident) === null);
    const over = known.filter(
      (row) =>
        LASTING_ALARMS.some((kind) => kind === row.kind) &&
        !told.some((incident) => isSame(row, incident)) &&
        !unsure(row.kind, row.subject),
    );
    return [
      ...begun.map(
        ({ since, ...incident }) =>
          (tx: Tx): void =>
            open(tx, { ...incident, openedAt: since }, at, at),
      ),
      ...told.flatMap((incident) => {
        const row = recordOf(known, incident);
        if (row === null || isUnchanged(row, incident)) return [];
        const { count, facts } = incident;
        return [(tx: Tx): void => updateIncident(tx, row.id, { count, facts, updatedAt: at })];
      }),
      ...over.map((row) => (tx: Tx): void => {
        updateIncident(tx, row.id, { endedAt: at, updatedAt: at });
        // that a job near its limit is over is told by how its case ended
        if (row.kind !== 'job_near_limit') tellEnd(tx, row.id, at);
      }),
    ];
  };

  /** Ends of cases since the last time, put together. */
  const groupChanges = (known: readonly IncidentRow[], at: number): ((tx: Tx) => void)[] => {
    const last = lastJournalId(store.db);
    const cursor = readMeta(store.db, 'told_journal');
    const after = Number(cursor ?? last);
    const entries = finalEntries(store.db, after, last);
    const told = entries.filter(({ toPhase }) => isTold(toPhase === 'failed' ? 'case_failed' : 'case_completed'));
    const { closed, changed, begun }: Grouping = groupFinals(known, told, notify.groupMs, at);
    const isBehind = entries.length > 0 || last - after >= FAR_BEHIND;
    return [
      ...closed.map(
        (row) =>
          (tx: Tx): void =>
            updateIncident(tx, row.id, { endedAt: at, updatedAt: at }),
      ),
      ...changed.map(
        ({ id, ...change }) =>
          (tx: Tx): void =>
            updateIncident(tx, id, { ...change, updatedAt: at }),
      ),
      ...begun.map(
        (group) =>
          (tx: Tx): void =>
            open(tx, group, group.openedAt + notify.groupMs, at),
      ),
      // in the same transaction: no end of a case is told twice, and none is left out
      ...(cursor === null || isBehind ? [(tx: Tx): void => writeMeta(tx, 'told_journal', String(last))] : []),
    ];
  };

  return {
    begin() {
      const at = clock.now();
      const names = notify.sinks.map((sink) => sink.name);
      const known = openIncidents(store.db);
      store.write((tx) => {
        giveUpOtherSinks(tx, names);
        endIncidentsQuietly(
          tx,
          known.filter((row) => !isTold(row.kind)).map((row) => row.id),
          at,
        );
        // a new sink hears of what lasts already
        for (const row of known) {
          if (!LASTING_ALARMS.some((kind) => kind === row.kind)) continue;
          for (const sink of sinksFor(row.kind))
            insertDelivery(tx, { incidentId: row.id, sink, edge: 'opened' }, at, at);
        }
      });
    },
    async runOnce() {
      if (clock.monotonic() - disksAtMs >= DISKS_EVERY_MS) {
        disks = await deps.measureDisks();
        disksAtMs = clock.monotonic();
      }
      const at = clock.now();
      const known = openIncidents(store.db);
      const changes = [...lastingChanges(known, at), ...groupChanges(known, at)];
      if (clock.monotonic() - forgotAtMs >= FORGET_EVERY_MS) {
        forgotAtMs = clock.monotonic();
        changes.push((tx) => forgetIncidents(tx, at - KEEP_MS, FORGET_MOST));
      }
      if (changes.length === 0) return false;
      store.write((tx) => {
        for (const change of changes) change(tx);
      });
      return true;
    },
  };
}

function isSame(row: IncidentRow, incident: Lasting): boolean {
  return row.kind === incident.kind && row.subject === incident.subject;
}

function recordOf(known: readonly IncidentRow[], incident: Lasting): IncidentRow | null {
  return known.find((row) => isSame(row, incident)) ?? null;
}

function isUnchanged(row: IncidentRow, { count, facts }: Lasting): boolean {
  return row.count === count && JSON.stringify(row.facts) === JSON.stringify(facts);
}
