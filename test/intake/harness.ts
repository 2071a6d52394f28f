import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { onTestFinished } from 'vitest';

import { createTroubles } from '../../src/supervisor/troubles.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { createIntake } from '../../src/intake/intake.ts';
import type { Admission, Intake, IntakeEvent, WatchSettings } from '../../src/intake/intake.ts';
import { readCandidates } from '../../src/store/candidates.ts';
import type { CandidateRow } from '../../src/store/candidates.ts';
import { insertCase, readLiveCases } from '../../src/store/cases.ts';
import type { CaseRow } from '../../src/store/cases.ts';
import type { Store } from '../../src/store/database.ts';
import { openStore } from '../../src/store/open.ts';
import { ManualClock } from './manual-clock.ts';

export const QUIET_MS = 4_000;
/** How often the intake samples a candidate, with that quiet period. */
export const SAMPLE_MS = 1_000;

/** A directory of the test's own, gone after it. */
export function tempDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'mqi-intake-'));
  // node's own removal fails at paths longer than PATH_MAX
  onTestFinished(() => void execFileSync('rm', ['-rf', '--', path]));
  return path;
}

/** Writes files below a folder: `{ 'a/b': 'content' }`; a name that ends in `/` is an empty directory. */
export function writeTree(folder: string, tree: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(tree)) {
    if (name.endsWith('/')) mkdirSync(join(folder, name), { recursive: true });
    else {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
  }
}

export function makeFifo(path: string): void {
  execFileSync('mkfifo', ['--', path]);
}

type EventName = IntakeEvent['event'];
type EventOf<E extends EventName> = Extract<IntakeEvent, { event: E }>;

/** What the recorder of troubles says to the log, through the same fields. */
interface ToldTrouble {
  readonly level: string;
  readonly trouble: string;
  readonly reason?: string;
}

export interface Harness {
  readonly root: string;
  readonly store: Store;
  readonly intake: Intake;
  readonly events: readonly IntakeEvent[];
  /** Called with each event before anything else happens. */
  onEvent: (event: IntakeEvent) => void;
  /** While set, every write of the store fails with it. */
  fault: Error | null;
  all<E extends EventName>(event: E): EventOf<E>[];
  /** Troubles as the log has them: that each began, and that each was over. */
  readonly begun: () => readonly ToldTrouble[];
  readonly over: () => readonly ToldTrouble[];
  /** The next event of this kind from now on. */
  next<E extends EventName>(event: E): Promise<EventOf<E>>;
  /** Lets time pass, a sample of the candidates each second, until so many were taken. */
  passes(times: number): Promise<void>;
  /** Lets time pass until there is an event of this kind about this name (or any), past ones included. */
  until<E extends EventName>(event: E, name?: string): Promise<EventOf<E>>;
  /** Lets time pass until there are so many events of this kind. */
  untilCount(event: EventName, count: number): Promise<void>;
  cases(): CaseRow[];
  rows(): CandidateRow[];
  row(name: string): CandidateRow | undefined;
  /** Stops the intake and starts another one on the same store and directory. */
  restart(watch?: Partial<WatchSettings>): Promise<void>;
}

export interface HarnessOptions {
  readonly watch?: Partial<WatchSettings>;
  /** Before the intake starts. */
  readonly before?: (root: string) => void;
  readonly clock?: Clock;
}

export async function startIntake(options: HarnessOptions = {}): Promise<Harness> {
  const root = join(tempDirectory(), 'watched');
  mkdirSync(root);
  options.before?.(root);
  const clock = options.clock ?? new ManualClock();
  const real = openStore(':memory:');
  const events: IntakeEvent[] = [];
  let isOver = false;
  const listeners = new Set<(event: IntakeEvent) => void>();

  const store: Store = {
    db: real.db,
    close: () => real.close(),
    write(change) {
      if (harness.fault !== null) throw harness.fault;
      return real.write(change);
    },
  };
  const say = (level: IntakeEvent['level']) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    const event = { level, message, ...fields } as IntakeEvent;
    events.push(event);
    harness.onEvent(event);
    for (const listener of listeners) listener(event);
  };
  const log = {
    trace: say('trace'),
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
  };
  const settings = (watch: Partial<WatchSettings>): WatchSettings => ({
    path: root,
    quietPeriodMs: QUIET_MS,
    readyMarker: null,
    depth: 1,
    ignore: ['.*', '*.part'],
    rescanEveryMs: 1e9,
    ...watch,
  });
  const make = (watch: Partial<WatchSettings>): Intake =>
    createIntake({
      store,
      clock,
      watch: settings(watch),
      admission: admissionOf(store, clock),
      log,
      troubles: createTroubles({ store, clock, log }),
    });

  const told = (level: string): readonly ToldTrouble[] =>
    (events as readonly unknown[] as readonly Partial<ToldTrouble>[]).filter(
      (event): event is ToldTrouble => event.trouble !== undefined && event.level === level,
    );
  const next = <E extends EventName>(wanted: E): Promise<EventOf<E>> =>
    new Promise((resolve) => {
      const listener = (event: IntakeEvent): void => {
        if (event.event !== wanted) return;
        listeners.delete(listener);
        resolve(event as EventOf<E>);
      };
      listeners.add(listener);
    });
  const pass = async (): Promise<void> => {
    const sampled = next('intake.sampled');
    (clock as ManualClock).advance(SAMPLE_MS);
    await sampled;
  };

  /** Reading goes on beside the samples, so either of them may bring what is waited for. */
  const letTimePass = async (wanted: EventName): Promise<void> => {
    if (isOver) throw new Error(`there was no ${wanted} any more`);
    if (!(clock instanceof ManualClock)) return void (await next(wanted));
    // no time goes by while a pass is under way: it would seem to have taken long, and rest accordingly
    if (clock.isDueWithin(SAMPLE_MS)) await pass();
    // a pass with nothing to sample never waits for the disk, and others do
    await new Promise(setImmediate);
  };

  let intake = make(options.watch ?? {});
  const harness: Harness = {
    root,
    store,
    get intake() {
      return intake;
    },
    events,
    onEvent: () => {},
    fault: null,
    begun: () => told('error'),
    over: () => told('info'),
    all: <E extends EventName>(wanted: E) => events.filter((event) => event.event === wanted) as EventOf<E>[],
    next,
    async passes(times) {
      for (let n = 0; n < times; n++) await pass();
    },
    async until(wanted, name) {
      for (;;) {
        const found = harness
          .all(wanted)
          .find((event) => name === undefined || ('name' in event && event.name === name));
        if (found !== undefined) return found;
        await letTimePass(wanted);
      }
    },
    async untilCount(wanted, count) {
      let seen = harness.all(wanted).length;
      let from = events.length;
      while (seen < count) {
        await letTimePass(wanted);
        for (; from < events.length; from++) seen += events[from]!.event === wanted ? 1 : 0;
      }
    },
    cases: () => readLiveCases(real.db),
    rows: () => readCandidates(real.db),
    row: (name) => readCandidates(real.db).find((row) => row.name === name),
    async restart(watch) {
      await intake.stop();
      events.length = 0;
      intake = make({ ...options.watch, ...watch });
      await intake.start();
    },
  };
  onTestFinished(async () => {
    isOver = true;
    await intake.stop();
    real.close();
  });
  await intake.start();
  return harness;
}

/** Makes case rows as the supervisor does, as far as the intake can see. */
function admissionOf(store: Store, clock: Clock): Admission {
  return {
    admit(found, also) {
      const id = `c${clock.randomId(6)}`;
      const at = clock.now();
      store.write((tx) => {
        insertCase(tx, {
          ...found,
          id,
          state: 'submitted',
          phase: 'waiting',
          attempt: 1,
          entry: 1,
          snapshot: '{}',
          limitMs: 1,
          createdAt: at,
          updatedAt: at,
          phaseSince: at,
        });
        also(tx, id);
      });
      return id;
    },
  };
}
