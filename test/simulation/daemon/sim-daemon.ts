import type { CaseRow } from '../../../src/store/cases.ts';
import type { Store } from '../../../src/store/database.ts';
import type { FailPoint } from '../../../src/supervisor/fail-point.ts';
import type { Host } from '../../../src/supervisor/host/host.ts';
import type { Log } from '../../../src/supervisor/log.ts';
import { establishIdentity } from '../../../src/supervisor/identity.ts';
import { createSupervisor } from '../../../src/supervisor/supervisor.ts';
import { createTroubles } from '../../../src/supervisor/troubles.ts';
import type { Supervisor, SupervisorDeps } from '../../../src/supervisor/supervisor.ts';
import { gpuOf } from '../commands/gpus.ts';
import type { SimHost } from '../host/sim-host.ts';
import type { Incarnation } from '../incarnation.ts';
import { Connection } from '../network/connection.ts';
import type { Wire } from '../network/wire.ts';
import type { Overseer } from '../ports/overseer.ts';
import { SimScheduler } from '../ports/sim-scheduler.ts';
import { SimTransport } from '../ports/sim-transport.ts';
import { RESULTS } from '../results-folder.ts';
import type { ResultsFolder } from '../results-folder.ts';
import type { Folders } from '../folders.ts';
import type { WorldShape } from '../world-shape.ts';
import type { SimClock } from './sim-clock.ts';

export interface DaemonDeps {
  readonly shape: WorldShape;
  readonly incarnation: Incarnation;
  readonly store: Store;
  readonly clock: SimClock;
  readonly hosts: readonly { readonly host: SimHost; readonly wire: Wire }[];
  readonly overseer: Overseer;
  readonly results: ResultsFolder;
  readonly folders: Pick<Folders, 'fingerprintOf' | 'hangs' | 'isMissing'>;
  readonly intake: SupervisorDeps['intake'];
  readonly log: Log;
  readonly failPoint: FailPoint;
}

export interface SimDaemon {
  readonly incarnation: Incarnation;
  readonly supervisor: Supervisor;
  readonly instance: string;
}

/** Nobody waits at a prompt here, and each question costs the simulation time. */
const ORDERS_EVERY_MS = 2_000;

/** The real supervisor of one life of the daemon, its ports over the simulated hosts. */
export function createDaemon(deps: DaemonDeps): SimDaemon {
  const { shape, store, clock, incarnation } = deps;
  const identity = establishIdentity(store, clock);
  const supervisor = createSupervisor(
    {
      store,
      clock,
      hosts: deps.hosts.map(({ host, wire }) => hostOf(deps, host, wire)),
      results: RESULTS,
      limitMs: shape.limitMs,
      keepJournalMs: 90 * 86_400_000,
      intake: deps.intake,
      log: deps.log,
      troubles: createTroubles({ store, clock, log: deps.log }),
      failPoint: deps.failPoint,
      ordersEveryMs: ORDERS_EVERY_MS,
    },
    identity,
  );
  return { incarnation, supervisor, instance: identity.instance };
}

function hostOf(deps: DaemonDeps, host: SimHost, wire: Wire): Host {
  const { shape, incarnation, overseer, results, folders } = deps;
  const connection = new Connection(incarnation, host, wire);
  return {
    name: host.name,
    transport: new SimTransport({ host, connection, incarnation, overseer, results, folders }),
    scheduler: new SimScheduler(host, connection, overseer),
    root: '/scratch/mqi',
    slots: host.slots,
    gpus: new Map(host.hasDriver ? host.slots.map((slot) => [slot, [gpuOf(host, slot)]]) : []),
    stageAhead: shape.stageAhead,
    observeEveryMs: shape.observeEveryMs,
    stallMs: 30_000,
    keep: { completedMs: shape.keepMs, failedMs: shape.keepMs },
    collect: [{ glob: 'output/**', optional: false }],
    eventsFile: '/scratch/mqi/events',
    specOf: (row) => specOf(host, row),
  };
}

function specOf(host: SimHost, row: CaseRow): ReturnType<Host['specOf']> {
  if (row.token === null || row.slot === null) throw new Error(`case ${row.id} has no slot`);
  const slot = `${host.name}/${row.slot}`;
  return { token: row.token, queue: row.slot, slot, command: 'moqui', prologue: null, env: {} };
}
