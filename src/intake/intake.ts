import { relative, resolve } from 'node:path';

import type { Clock } from '../domain/clock.ts';
import { INTAKE } from '../domain/trouble.ts';
import type { Troubles } from '../domain/trouble.ts';
import type { Store } from '../store/database.ts';
import { readMeta } from '../store/meta.ts';
import type { Admission, Desk, WatchSettings } from './desk.ts';
import { isDeleted } from './deleted.ts';
import { lstatOf } from './directory.ts';
import { logTo } from './event.ts';
import type { Log } from './event.ts';
import { inspectFolder } from './inspect.ts';
import type { Inspection, ReadingOptions } from './inspect.ts';
import { classifySettled } from './classify.ts';
import { createRecheck } from './known.ts';
import { openLedger } from './ledger.ts';
import { isHidden, temporaryNames } from './names.ts';
import { obeyAdmit } from './order.ts';
import type { AdmitOrder, AdmitOutcome } from './order.ts';
import { sampleDue, sampleEveryMs } from './pass.ts';
import { consider, rescan } from './rescan.ts';
import { createRoot } from './scan.ts';
import { stampOf } from './signature.ts';
import { createTurn } from './turn.ts';
import { Unsettled } from './unsettled.ts';
import { createWatch } from './watch.ts';

export type { Admission, WatchSettings } from './desk.ts';
export type { IntakeEvent } from './event.ts';
export type { Inspection, ReadingOptions } from './inspect.ts';
export type { AdmitOrder, AdmitOutcome } from './order.ts';

export interface IntakeDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly watch: WatchSettings;
  readonly admission: Admission;
  readonly log: Log;
  readonly troubles: Troubles;
}

/** Brings folders in: notes them, waits until they are complete, reads them, and has them made cases. It only reads them. */
export interface Intake {
  /** Resolves after the first whole pass. Never rejects because of a disk: what fails is told and tried again. */
  start(): Promise<void>;
  /** Resolves when nothing of it runs any more, or after some seconds when a disk hangs. */
  stop(): Promise<void>;
  /** One whole pass that begins after the call: the truth about which folders are there. */
  rescan(): Promise<void>;
  /** Whether a case folder that is not there was deleted; false where its disk may merely not be mounted. */
  isDeleted(row: { readonly path: string; readonly createdAt: number }): Promise<boolean>;
  /** An operator's `mqi intake admit`. */
  admit(order: AdmitOrder): Promise<AdmitOutcome>;
  /**
   * Reads a case's folder anew, for `mqi cases retry`, one at a time. Takes as long as the disk needs for all of it, and
   * ends at once when the signal aborts, or the intake stops.
   */
  inspect(path: string, reading: ReadingOptions): Promise<Inspection>;
}

/** A hint is followed soon, but not at once: the rest of a burst comes with it. */
const HINT_DELAY_MS = 50;
/** Hints kept; more of them are one rescan. */
const MAX_HINTS = 10_000;
/** At most a quarter of the time goes into samples, however many folders there are. */
const REST = 3;
/** A pass over a healthy disk is a matter of seconds, whatever lies there. */
const STANDING_MS = 10_000;
/** However long a disk did not answer: once it does, the folders that came meanwhile do not wait for as long again. */
const MOST_REST_MS = REST * STANDING_MS;
/** How long a stop waits for reads that do not come back. */
const STOP_WITHIN_MS = 5_000;

function restAfter(tookMs: number): number {
  return Math.min(tookMs * REST, MOST_REST_MS);
}

export function createIntake(deps: IntakeDeps): Intake {
  const { clock } = deps;
  const settings = { ...deps.watch, path: resolve(deps.watch.path) };
  const stopping = new AbortController();
  const { signal } = stopping;
  const log = logTo(deps.log);
  const { troubles } = deps;
  const unsettled = new Unsettled();
  const recheck = createRecheck();
  const inspecting = createTurn();
  const hints = new Set<string>();
  const running = new Set<Promise<unknown>>();
  /** What met an internal error the last time that it was done. */
  const failing = new Set<string>();
  let desk: Desk | null = null;
  let isOpen = false;
  let isBusy = false;
  let cancelPass: (() => void) | null = null;
  let cancelRescan: (() => void) | null = null;
  let currentRescan: Promise<void> | null = null;
  let nextRescan: Promise<void> | null = null;

  const watch = createWatch({
    root: settings.path,
    depth: settings.depth,
    clock,
    onHint(path) {
      if (hints.size >= MAX_HINTS) return;
      hints.add(path);
      wake(HINT_DELAY_MS);
    },
    onArmed() {
      troubles.over(INTAKE, 'unwatched');
      const { path } = settings;
      log({ level: 'debug', event: 'intake.armed', path, message: `listens to what appears in ${path}` });
    },
    onTrouble: (reason) => troubles.note(INTAKE, 'unwatched', reason),
  });

  /** The store is read at the first need: one that cannot be read now is a trouble, and not the end. */
  const theDesk = (): Desk => {
    desk ??= {
      store: deps.store,
      clock,
      watch: settings,
      admission: deps.admission,
      log,
      troubles,
      unsettled,
      ledger: openLedger(deps.store, clock),
      isTemporaryName: temporaryNames(settings.ignore),
      signal,
    };
    return desk;
  };

  /** Keeps count of what runs, for the stop, and lets nothing out. */
  const run = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    const task = work().then(
      (result) => {
        failing.delete(what);
        if (failing.size === 0) troubles.over(INTAKE, 'intake');
        return result;
      },
      (error: unknown) => {
        failing.add(what);
        troubles.note(INTAKE, 'intake', `${what}: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
      },
    );
    running.add(task);
    try {
      return await task;
    } finally {
      running.delete(task);
    }
  };

  const wake = (delayMs: number): void => {
    if (signal.aborted || isBusy || cancelPass !== null) return;
    cancelPass = clock.after(delayMs, () => {
      cancelPass = null;
      void run('sampling the candidates', pass);
    });
  };

  const pass = async (): Promise<void> => {
    const startedMs = clock.monotonic();
    isBusy = true;
    let samples = 0;
    try {
      await takeHints(theDesk());
      samples = await sampleDue(theDesk());
    } finally {
      isBusy = false;
      classify();
      const restMs = restAfter(clock.monotonic() - startedMs);
      if (unsettled.size > 0) wake(Math.max(sampleEveryMs(settings.quietPeriodMs), restMs));
      else if (hints.size > 0) wake(HINT_DELAY_MS);
    }
    log({
      level: 'trace',
      event: 'intake.sampled',
      samples,
      unsettled: unsettled.size,
      message: `sampled ${samples} of ${unsettled.size} candidates`,
    });
  };

  const takeHints = async (at: Desk): Promise<void> => {
    // before the first whole pass nobody knows what is history
    if (!isOpen) return hints.clear();
    const noted = [...hints];
    hints.clear();
    for (const path of noted) {
      const name = relative(settings.path, path);
      const isTemporary = name.split('/').some((part) => isHidden(part) || at.isTemporaryName(part));
      const found = isTemporary ? null : await lstatOf(path);
      if (found?.kind === 'found' && found.stats.isDirectory()) {
        consider(at, { path, name, stamp: stampOf(found.stats) });
      }
    }
  };

  /** Beside the samples: reading a large case takes minutes. */
  let isClassifying = false;
  const classify = (): void => {
    if (isClassifying || signal.aborted || unsettled.settled().length === 0) return;
    isClassifying = true;
    void run('reading the candidates', async () => {
      // again and again for those that settled meanwhile; each one classified is settled no more, or held
      while (!signal.aborted && unsettled.settled().length > 0) await classifySettled(theDesk());
    }).then(() => (isClassifying = false));
  };

  const rescanOnce = async (): Promise<void> => {
    if (signal.aborted) return;
    cancelRescan?.();
    const startedMs = clock.monotonic();
    // a file server that does not answer never fails: it is told all the same
    const late = clock.after(STANDING_MS, () =>
      troubles.note(INTAKE, 'standing', `${settings.path} has not answered for ${STANDING_MS / 1_000} s`),
    );
    const done = await run('reading the watched directory', () => rescan(theDesk(), watch, recheck));
    late();
    troubles.over(INTAKE, 'standing');
    if (done === true) isOpen = true;
    if (signal.aborted) return;
    if (unsettled.size > 0) wake(Math.min(HINT_DELAY_MS, sampleEveryMs(settings.quietPeriodMs)));
    classify();
    const restMs = restAfter(clock.monotonic() - startedMs);
    cancelRescan = clock.after(Math.max(settings.rescanEveryMs, restMs), () => void startRescan());
  };

  const startRescan = (): Promise<void> => {
    if (currentRescan === null) {
      currentRescan = rescanOnce().finally(() => {
        currentRescan = null;
      });
      return currentRescan;
    }
    // one that runs may have read past what the caller wants to be seen
    nextRescan ??= currentRescan.then(() => {
      nextRescan = null;
      return startRescan();
    });
    return nextRescan;
  };

  return {
    async start() {
      const late = clock.after(STANDING_MS, () =>
        troubles.note(INTAKE, 'standing', `${settings.path} has not answered for ${STANDING_MS / 1_000} s`),
      );
      await run(`making ${settings.path}`, () => createRoot(settings.path, log));
      late();
      await startRescan();
    },
    async stop() {
      stopping.abort();
      cancelPass?.();
      cancelRescan?.();
      const late = new AbortController();
      await Promise.race([Promise.allSettled(running), clock.sleep(STOP_WITHIN_MS, late.signal)]);
      late.abort();
      await watch.close();
    },
    rescan: startRescan,
    isDeleted({ path, createdAt }) {
      const { db } = deps.store;
      const opened = readMeta(db, 'intake_opened');
      // admitted from another directory of this name: that one's disk may come back
      const isOfThisRoot = createdAt >= Number(readMeta(db, 'intake_opened_at') ?? 0);
      const identity = opened === null || !isOfThisRoot ? null : opened.slice(0, opened.indexOf(' '));
      return isDeleted(settings.path, identity, path);
    },
    async admit(order) {
      const outcome = await run('an order to admit', () => obeyAdmit(theDesk(), order));
      wake(HINT_DELAY_MS);
      return outcome ?? { admitted: 0, message: 'the intake cannot read its database; see the log' };
    },
    async inspect(path, { signal: calledOff, onRead, onWait }) {
      const ends = AbortSignal.any([signal, calledOff]);
      const inspection = await inspecting.take(
        ends,
        () => run('reading a folder for a retry', () => inspectFolder(theDesk(), path, { signal: ends, onRead })),
        onWait,
      );
      wake(HINT_DELAY_MS);
      return (
        inspection ?? { kind: 'blind', reason: 'the intake met an internal error, see the log; it is tried again' }
      );
    },
  };
}
