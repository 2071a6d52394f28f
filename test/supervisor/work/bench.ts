import { setImmediate as turn } from 'node:timers/promises';

import { onTestFinished } from 'vitest';

import type { CaseEvent } from '../../../machines/index.ts';
import { stateOf } from '../../../src/domain/case.ts';
import type { Phase } from '../../../src/domain/case.ts';
import type { Blind, Scheduler } from '../../../src/scheduler/scheduler.ts';
import { readCase } from '../../../src/store/cases.ts';
import type { CaseRow } from '../../../src/store/cases.ts';
import { openStore } from '../../../src/store/open.ts';
import { admitCase } from '../../../src/supervisor/case/admit.ts';
import { createLiveCases } from '../../../src/supervisor/case/live-cases.ts';
import { noFailPoints } from '../../../src/supervisor/fail-point.ts';
import { createTroubles } from '../../../src/supervisor/troubles.ts';
import { createRunner } from '../../../src/supervisor/work/runner.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { FakeHost } from '../fake-host.ts';
import { VirtualClock } from '../virtual-clock.ts';

const HOUR = 3_600_000;

/** The runner by itself: hosts answer as a test says, and cases move when it says so. */
export function createBench(names: readonly string[] = ['one']) {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const clock = new VirtualClock();
  const live = createLiveCases();
  const base = new FakeHost({ observeEveryMs: 1_000, slots: ['a'], compared: false }).host;
  /** What the ports answer otherwise than by `yes`. */
  const ports: { scheduler: Partial<Scheduler>; transport: Partial<Transport> } = { scheduler: {}, transport: {} };
  const hosts = new Map(
    names.map((name) => [
      name,
      {
        ...base,
        name,
        get scheduler(): Scheduler {
          return { ...base.scheduler, ...ports.scheduler };
        },
        get transport(): Transport {
          return { ...base.transport, ...ports.transport };
        },
      },
    ]),
  );
  const online = new Set(names);
  const lost: string[] = [];
  const told: { readonly id: string; readonly event: CaseEvent; readonly atMs: number }[] = [];
  /** False: no event moves a case on. */
  let moves = true;
  /** Not null: the database takes nothing. */
  let refusal: Error | null = null;
  const say = (): void => {};
  const runner = createRunner({
    live,
    hosts,
    isOnline: (host) => online.has(host),
    onBlind: (host: string, { reason }: Blind) => void lost.push(`${host}: ${reason}`),
    dispatch: (id, event, options) => {
      if (refusal !== null) throw refusal;
      // what speaks for an entry that is past is dropped, as the real one does
      const row = live.get(id);
      if (row === null || (options?.entry !== undefined && row.entry !== options.entry)) return null;
      told.push({ id, event, atMs: clock.monotonic() });
      const next = event.type === 'upload.failed' ? row.phase : 'queued';
      if (event.type !== 'work.blocked' && moves) live.note({ ...row, phase: next, entry: row.entry + 1 });
      return null;
    },
    store,
    clock,
    failPoint: noFailPoints,
    troubles: createTroubles({ store, clock, log: { debug: say, info: say, warn: say, error: say } }),
    results: '/results',
    isDeleted: () => Promise.resolve(false),
    onProgress: say,
  });

  return {
    store,
    clock,
    live,
    runner,
    ports,
    online,
    lost,
    told,
    refuse: (error: Error | null) => void (refusal = error),
    stand: () => void (moves = false),
    /** A case that has just come to this phase. */
    put(name: string, phase: Phase, host = names[0]!): CaseRow {
      if (readCase(store.db, name) === null) {
        const found = { path: `/new/${name}`, name, fingerprint: 'f', files: 1, sizeBytes: 1 };
        store.write((tx) => admitCase(tx, name, found, HOUR, clock.now()));
      }
      const entry = (live.get(name)?.entry ?? 0) + 1;
      const token = `mqi-lab-${name}-1-aa`;
      const row = { ...readCase(store.db, name)!, state: stateOf(phase), phase, entry, host, token, slot: 'a' };
      live.note(row);
      runner.sync(name);
      return row;
    },
    /** All that follows at once has followed. */
    drained: () => turn(),
  };
}
