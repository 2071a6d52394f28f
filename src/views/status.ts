import type {
  CandidateState,
  HostRow,
  ListedCase,
  OrderRow,
  Orphan,
  PhaseCount,
  SlotWithCase,
} from '../store/queries.ts';
import { countsShape, hostShape, slotShape } from './shapes.ts';
import type { CountsShape, HostShape, SlotShape } from './shapes.ts';
import { timeOrNull } from './shapes/time.ts';

/** What one screen shows; read at one moment. */
export interface StatusFacts {
  readonly daemon: {
    readonly running: boolean;
    /** Null when none runs, or when it could not leave its name. */
    readonly holder: { readonly pid: number; readonly host: string; readonly since: string } | null;
  };
  readonly lastSignMs: number | null;
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
  readonly openOrders: readonly OrderRow[];
}

/** Something that goes on by itself only when a person acts. */
interface Attention {
  readonly what: string;
  readonly next: string;
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
    attention: attentionOf(facts),
  };
}

function attentionOf(facts: StatusFacts): readonly Attention[] {
  return [
    ...count(facts.candidates.get('history') ?? 0, 'folder', 'held back at the first start', 'mqi intake admit --all'),
    ...count(facts.candidates.get('rejected') ?? 0, 'folder', 'rejected', 'mqi intake list --state rejected'),
    ...count(facts.candidates.get('changed') ?? 0, 'folder', 'changed since', 'mqi intake list --state changed'),
    ...count(facts.orphans.length, 'orphan', 'found: a job that no live case owns', 'mqi orphans'),
    ...facts.slots
      .filter((slot) => slot.state === 'quarantined')
      .map((slot) => ({
        what: `slot ${slot.host}/${slot.name} is quarantined: ${slot.reason ?? 'no reason was recorded'}`,
        next: `mqi slots clear ${slot.host}/${slot.name} --dry-run`,
      })),
    ...facts.blocked.map((row) => ({
      what: `case ${row.name} is blocked: ${row.blocked ?? ''}`,
      next: `mqi why ${row.id}`,
    })),
    ...facts.setAside.map((row) => ({ what: `case ${row.name} is set aside`, next: `mqi why ${row.id}` })),
    ...facts.hosts
      // while no daemon runs nobody knows
      .filter((host) => facts.daemon.running && host.state === 'offline')
      .map((host) => ({ what: `host ${host.name} cannot be reached: ${host.reason ?? ''}`, next: 'mqi doctor' })),
    ...(facts.daemon.running ? [] : count(facts.openOrders.length, 'order', 'waiting for a daemon', 'mqi run')),
  ];
}

function count(many: number, noun: string, what: string, next: string): readonly Attention[] {
  return many === 0 ? [] : [{ what: `${many} ${noun}${many === 1 ? '' : 's'} ${what}`, next }];
}
