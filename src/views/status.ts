import { formatDuration } from '../domain/duration.ts';
import {
  countCandidates,
  countCases,
  failingSinks,
  isUnreachable,
  lastingTroubles,
  lastSignOfLife,
  listBlocked,
  listHosts,
  listOrphans,
  listSetAside,
  listSlots,
  listStranded,
  openOrders,
  webOf,
} from '../store/queries.ts';
import type {
  CandidateState,
  FailingSink,
  HostRow,
  ListedCase,
  OrderRow,
  Orphan,
  PhaseCount,
  ReadDb,
  SlotWithCase,
  TroubleRow,
  WebPlace,
} from '../store/queries.ts';
import { failingSinkText } from './incidents.ts';
import { SILENCE, silentMs } from './silence.ts';
import type { Rhythm } from './silence.ts';
import { countsShape, hostShape, slotShape } from './shapes.ts';
import type { CountsShape, HostShape, SlotShape } from './shapes.ts';
import { timeOrNull } from './shapes/time.ts';
import { troubleLines, troubleShape } from './troubles.ts';
import type { TroubleShape } from './troubles.ts';

/** What one screen shows; read at one moment. */
export interface StatusFacts {
  readonly daemon: {
    readonly running: boolean;
    /** Null when none runs, or when it could not leave its name. */
    readonly holder: { readonly pid: number; readonly host: string; readonly since: string } | null;
  };
  readonly lastSignMs: number | null;
  /** For how long a daemon that runs has left no sign (views/silence); null: it does. */
  readonly silentMs: number | null;
  readonly database: string;
  readonly watch: string;
  readonly results: string;
  readonly counts: readonly PhaseCount[];
  readonly candidates: ReadonlyMap<CandidateState, number>;
  readonly hosts: readonly HostRow[];
  readonly slots: readonly SlotWithCase[];
  readonly orphans: readonly Orphan[];
  readonly setAside: readonly ListedCase[];
  readonly blocked: readonly ListedCase[];
  /** Live cases on a host that left the configuration. */
  readonly stranded: readonly ListedCase[];
  readonly troubles: readonly TroubleRow[];
  readonly openOrders: readonly OrderRow[];
  readonly web: WebPlace;
  readonly failingSinks: readonly FailingSink[];
}

/** Everything that the status is made of; `daemon` is told by whoever can ask for its lock. */
export function gatherStatus(
  db: ReadDb,
  site: Pick<StatusFacts, 'database' | 'watch' | 'results'>,
  daemon: StatusFacts['daemon'],
  nowMs: number,
  /** Of the configured hosts; left out by whoever hears of the daemon in another way. */
  rhythms: ReadonlyMap<string, Rhythm> = new Map(),
): StatusFacts {
  const lastSignMs = lastSignOfLife(db);
  const hosts = listHosts(db);
  return {
    daemon,
    lastSignMs,
    silentMs: daemon.running ? silentMs(hosts, rhythms, lastSignMs, nowMs) : null,
    database: site.database,
    watch: site.watch,
    results: site.results,
    counts: countCases(db),
    candidates: countCandidates(db),
    hosts,
    slots: listSlots(db),
    orphans: listOrphans(db),
    setAside: listSetAside(db),
    blocked: listBlocked(db),
    stranded: listStranded(db),
    troubles: lastingTroubles(db),
    openOrders: openOrders(db),
    web: webOf(db),
    failingSinks: failingSinks(db, nowMs),
  };
}

/** Something that goes on by itself only when a person acts. */
interface Attention {
  readonly what: string;
  readonly next: string;
}

/** With what it is about, for a view that can lead there. */
export interface AttentionAbout extends Attention {
  readonly about:
    | { readonly kind: 'case'; readonly id: string }
    | { readonly kind: 'host'; readonly host: string }
    | { readonly kind: 'slot'; readonly host: string; readonly slot: string }
    | { readonly kind: 'daemon' | 'intake' | 'trouble' | 'orphans' | 'orders' | 'notifications' };
}

export interface StatusShape {
  readonly daemon: {
    readonly running: boolean;
    readonly pid: number | null;
    readonly machine: string | null;
    readonly since: string | null;
    /** When a daemon last left a trace in the database. */
    readonly lastSignAt: string | null;
  };
  readonly database: string;
  readonly watch: string;
  readonly results: string;
  readonly cases: CountsShape;
  /** Folders that are no case, by state. */
  readonly candidates: Readonly<Record<string, number>>;
  readonly hosts: readonly HostShape[];
  readonly slots: readonly SlotShape[];
  readonly openOrders: number;
  /** Where the daemon serves its web page; null: nowhere. `trouble`: why not, though it shall. */
  readonly web: { readonly url: string | null; readonly trouble: string | null };
  readonly troubles: readonly TroubleShape[];
  readonly attention: readonly Attention[];
}

export function statusShape(facts: StatusFacts): StatusShape {
  const { running, holder } = facts.daemon;
  return {
    daemon: {
      running,
      pid: holder?.pid ?? null,
      machine: holder?.host ?? null,
      since: holder?.since ?? null,
      lastSignAt: timeOrNull(facts.lastSignMs),
    },
    database: facts.database,
    watch: facts.watch,
    results: facts.results,
    cases: countsShape(facts.counts),
    candidates: Object.fromEntries(facts.candidates),
    hosts: facts.hosts.map(hostShape),
    slots: facts.slots.map(slotShape),
    openOrders: facts.openOrders.length,
    web: facts.daemon.running ? facts.web : { url: null, trouble: null },
    troubles: facts.troubles.map(troubleShape),
    attention: attentionOf(facts).map(({ what, next }) => ({ what, next })),
  };
}

const TROUBLE = { kind: 'trouble' } as const;

/** What goes on by itself only when a person acts, the many at once before the single. */
export function attentionOf(facts: StatusFacts): readonly AttentionAbout[] {
  const { candidates, daemon } = facts;
  const intake = { kind: 'intake' } as const;
  return [
    ...(facts.silentMs === null
      ? []
      : [
          {
            what: `${SILENCE.what}: no sign of it for ${formatDuration(facts.silentMs)}`,
            next: SILENCE.next,
            about: { kind: 'daemon' } as const,
          },
        ]),
    ...count(
      candidates.get('history') ?? 0,
      'folder',
      'held back at the first start',
      'mqi intake admit --all',
      intake,
    ),
    ...count(candidates.get('rejected') ?? 0, 'folder', 'rejected', 'mqi intake list --state rejected', intake),
    ...count(candidates.get('changed') ?? 0, 'folder', 'changed since', 'mqi intake list --state changed', intake),
    ...count(facts.orphans.length, 'orphan', 'found: a job that no live case owns', 'mqi orphans', { kind: 'orphans' }),
    ...facts.slots
      .filter((slot) => slot.state === 'quarantined')
      .map((slot) => ({
        what: `slot ${slot.host}/${slot.name} is quarantined: ${slot.reason ?? 'no reason was recorded'}`,
        next: `mqi slots clear ${slot.host}/${slot.name} --dry-run`,
        about: { kind: 'slot', host: slot.host, slot: slot.name } as const,
      })),
    ...facts.slots
      .filter((slot) => slot.state === 'free' && slot.busy !== null)
      .map((slot) => ({
        what: `slot ${slot.host}/${slot.name} is busy: ${slot.busy ?? ''}`,
        next: 'mqi doctor',
        about: { kind: 'slot', host: slot.host, slot: slot.name } as const,
      })),
    ...facts.blocked.map((row) => ({
      what: `case ${row.name} is ${row.phase === 'executing' ? 'executing, but' : 'blocked:'} ${row.blocked ?? ''}`,
      next: `mqi why ${row.id}`,
      about: { kind: 'case', id: row.id } as const,
    })),
    ...facts.stranded.map((row) => ({
      what: `case ${row.name} is ${row.phase} on ${row.host ?? '?'}, which left the configuration: nobody watches it`,
      next: `mqi why ${row.id}`,
      about: { kind: 'case', id: row.id } as const,
    })),
    // a blocked case is told above, and a failing target below, each with more
    ...troubleLines(facts.troubles.filter(({ what }) => what !== 'blocked' && what !== 'undelivered')).map(
      ({ what, next, row }) => ({
        what,
        next,
        about: row.token === null && row.host !== null ? ({ kind: 'host', host: row.host } as const) : TROUBLE,
      }),
    ),
    ...facts.setAside.map((row) => ({
      what: `case ${row.name} is set aside`,
      next: `mqi why ${row.id}`,
      about: { kind: 'case', id: row.id } as const,
    })),
    ...facts.hosts
      // while no daemon runs nobody knows
      .filter((host) => daemon.running && isUnreachable(host))
      .map((host) => ({
        what: `host ${host.name} cannot be reached: ${host.reason ?? ''}`,
        next: 'mqi doctor',
        about: { kind: 'host', host: host.name } as const,
      })),
    ...facts.failingSinks.map((sink) => ({
      what: failingSinkText(sink),
      next: `mqi notifications test ${sink.sink}`,
      about: { kind: 'notifications' } as const,
    })),
    ...(daemon.running
      ? []
      : count(facts.openOrders.length, 'order', 'waiting for a daemon', 'mqi run', { kind: 'orders' })),
  ];
}

function count(
  many: number,
  noun: string,
  what: string,
  next: string,
  about: AttentionAbout['about'],
): readonly AttentionAbout[] {
  return many === 0 ? [] : [{ what: `${many} ${noun}${many === 1 ? '' : 's'} ${what}`, next, about }];
}
