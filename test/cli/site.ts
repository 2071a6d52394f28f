import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { stringify } from 'yaml';

import type { CaseEvent } from '../../machines/index.ts';
import { runCli } from '../../src/cli/program.ts';
import type { Io } from '../../src/cli/io.ts';
import { createScreen } from '../../src/cli/screen.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { Store } from '../../src/store/database.ts';
import { writeMeta } from '../../src/store/meta.ts';
import { resetHost, updateHost } from '../../src/store/hosts.ts';
import { lockDaemon } from '../../src/store/lock.ts';
import type { DaemonLock } from '../../src/store/lock.ts';
import { openStore } from '../../src/store/open.ts';
import { closeOrder, openOrders } from '../../src/store/orders.ts';
import { syncSlots } from '../../src/store/slots.ts';
import { admitCase } from '../../src/supervisor/case/admit.ts';
import { commitEvent } from '../../src/supervisor/case/commit.ts';
import { tempFolder } from '../store/temp.ts';

/** 2026-01-02T03:04:05Z: the tests' first moment. */
const START = Date.UTC(2026, 0, 2, 3, 4, 5);
const LIMIT_MS = 3_600_000;

const MOST_SLEEPS = 500;

/** Sleeping takes no time and moves the clock; `during` happens at each sleep, as a daemon beside us would do it. */
export interface TestClock extends Clock {
  during: () => void;
  pass(ms: number): void;
}

export function testClock(): TestClock {
  let passed = 0;
  let slept = 0;
  return {
    during: () => {},
    pass: (ms) => {
      passed += ms;
    },
    now: () => START + passed,
    monotonic: () => passed,
    after: () => () => {},
    async sleep(ms) {
      // nothing here waits that often: a loop without end would hang the whole run
      slept += 1;
      if (slept > MOST_SLEEPS) throw new Error('the command waits for ever');
      passed += ms;
      this.during();
      await Promise.resolve();
    },
    random: () => 0.5,
    randomId: (length) => 'a'.repeat(length),
  };
}

export interface RunOptions {
  readonly tty?: boolean;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What a person at the terminal answers; left out: nobody is there. */
  readonly answer?: boolean;
  readonly signal?: AbortSignal;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Questions that were asked. */
  readonly asked: readonly string[];
}

/** An installation that no daemon works on: its database is filled through the real commits. */
export interface TestSite {
  readonly folder: string;
  readonly config: string;
  readonly database: string;
  readonly results: string;
  readonly root: string;
  readonly store: Store;
  readonly clock: TestClock;
  /** Makes a case; its id is the name without what an id cannot hold. */
  admit(name: string, id?: string): string;
  drive(caseId: string, ...events: readonly CaseEvent[]): void;
  /** From waiting to executing, on `local/gpu.1` unless it says otherwise. */
  execute(caseId: string, slot?: string): string;
  /** To the end; `exitCode` 0 is success. */
  finish(caseId: string, exitCode: number): void;
  /** Pretends that a daemon holds the database from now on. */
  holdLock(): DaemonLock;
  /** As the daemon would answer every open order. */
  answerOrders(outcome: 'done' | 'refused', message: string): void;
  run(argv: readonly string[], options?: RunOptions): Promise<Ran>;
}

export function testSite(settings: Readonly<Record<string, unknown>> = {}): TestSite {
  const folder = tempFolder();
  const paths = {
    config: join(folder, 'mqi.yaml'),
    database: join(folder, 'var', 'mqi.db'),
    results: join(folder, 'results'),
    root: join(folder, 'host'),
  };
  mkdirSync(join(folder, 'new'));
  writeFileSync(paths.config, stringify({ ...configuration, ...settings }));
  mkdirSync(dirname(paths.database));
  const store = openStore(paths.database);
  const clock = testClock();
  store.write((tx) => {
    writeMeta(tx, 'instance', 'test');
    resetHost(tx, 'local', clock.now());
    updateHost(tx, 'local', { state: 'online', lastSeenAt: clock.now(), reconciledAt: clock.now() });
    syncSlots(tx, 'local', ['gpu.1', 'gpu.2'], clock.now());
  });

  const drive: TestSite['drive'] = (caseId, ...events) => {
    for (const event of events) {
      clock.pass(1_000);
      const change = store.write((tx) => commitEvent(tx, caseId, event, null, clock.now()));
      if (change === null) throw new Error(`${event.type} is not accepted where ${caseId} is`);
    }
  };
  return {
    ...paths,
    folder,
    store,
    clock,
    drive,
    admit(name, id = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')) {
      clock.pass(1_000);
      const found = { path: join(folder, 'new', name), name, fingerprint: 'f00d', files: 2, sizeBytes: 4_096 };
      store.write((tx) => admitCase(tx, id, found, LIMIT_MS, clock.now()));
      return id;
    },
    execute(caseId, slot = 'gpu.1') {
      const token = `mqi-test-${caseId}-1-aaaaaaaa`;
      drive(
        caseId,
        { type: 'host.assigned', host: 'local', token },
        { type: 'upload.verified' },
        { type: 'slot.leased', slot },
        { type: 'job.created', job: { id: '7', createdAt: 'then' } },
        { type: 'job.released' },
        { type: 'job.observed', observation: { kind: 'executing' }, sinceMs: null },
      );
      return token;
    },
    finish(caseId, exitCode) {
      const end = { kind: 'exited', exitCode } as const;
      drive(
        caseId,
        { type: 'job.observed', observation: { kind: 'ended', end }, sinceMs: 1_000 },
        { type: 'results.collected', missingGlobs: [] },
      );
    },
    holdLock: () => lockDaemon(paths.database, clock.now()),
    answerOrders(outcome, message) {
      for (const row of openOrders(store.db)) {
        store.write((tx) => closeOrder(tx, row.id, outcome, message, clock.now()));
      }
    },
    run: (argv, options) => run(['--config', paths.config, ...argv], clock, folder, options),
  };
}

const configuration = {
  watch: { path: 'new' },
  results: 'results',
  database: 'var/mqi.db',
  job: { command: ['true'], limit: '1h' },
  hosts: { local: { root: 'host', slots: [{ name: 'gpu', count: 2 }] } },
};

/** Runs one command line in this process; nothing of the real terminal is touched. */
export async function run(argv: readonly string[], clock: Clock, cwd: string, options: RunOptions = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const asked: string[] = [];
  const text = (piece: string | Uint8Array): string =>
    typeof piece === 'string' ? piece : Buffer.from(piece).toString('latin1');
  const screen = (write: (piece: string | Uint8Array) => void) => {
    const columns = options.columns ?? (options.tty === true ? 80 : null);
    return createScreen({ write, isTty: options.tty === true, columns, rows: 24, colour: options.tty === true });
  };
  const io: Io = {
    out: screen((piece) => {
      out += text(piece);
    }),
    err: screen((piece) => {
      err += text(piece);
    }),
    env: options.env ?? {},
    cwd,
    self: 'mqi',
    clock,
    operator: 'ada@desk',
    confirm:
      options.answer === undefined
        ? null
        : async (question) => {
            asked.push(question);
            return Promise.resolve(options.answer === true);
          },
    interruption: () => options.signal ?? new AbortController().signal,
  };
  const code = await runCli(argv, io);
  return { code, out, err, asked };
}
