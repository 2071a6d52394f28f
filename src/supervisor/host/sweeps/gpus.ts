import { assertNever } from '../../../domain/assert-never.ts';
import type { Clock } from '../../../domain/clock.ts';
import type { Troubles } from '../../../domain/trouble.ts';
import { busyWith, missingGpus } from '../../../domain/gpu.ts';
import type { Gpu } from '../../../domain/gpu.ts';
import type { Blind, GpusOutcome } from '../../../scheduler/scheduler.ts';
import type { Store } from '../../../store/database.ts';
import { noteBusy, readSlots } from '../../../store/slots.ts';
import type { Host } from '../host.ts';
import type { Log } from '../../log.ts';

/** How often the driver of a host is asked. A process that comes in between meets one job of ours, at most. */
const PROBE_EVERY_MS = 30_000;

/** What a full disk kept from being written is found again after this. */
const RETRY_MS = 5_000;

interface BusyChange {
  readonly name: string;
  readonly before: string | null;
  readonly busy: string | null;
}

/** Knows of each slot whether somebody else computes on its GPU, and writes it down: then nothing is leased there. */
export interface GpuWatch {
  /** Asks the driver now; from then on every 30 s, for as long as the host is in sight and has one. */
  probe(): Promise<void>;
  /** What the last probe saw is written. */
  isWritten(): boolean;
  /** What cannot be told of the GPUs, and which of them are not there. */
  notices(): readonly string[];
  stop(): Promise<void>;
}

export function createGpuWatch(deps: {
  readonly host: Pick<Host, 'name' | 'gpus' | 'scheduler'>;
  readonly store: Store;
  readonly isOnline: () => boolean;
  /** How often the host became unreachable: an answer that such a spell overtook is as old as the spell. */
  readonly spells: () => number;
  readonly onBlind: (blind: Blind) => void;
  /** A slot may be leased again. */
  readonly onFree: () => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly troubles: Troubles;
  readonly signal: AbortSignal;
}): GpuWatch {
  const { host, store, clock, log, troubles, signal } = deps;
  const subject = { kind: 'host', host: host.name } as const;
  let notices: readonly string[] = [];
  let isWritten = true;
  let running = Promise.resolve();
  let cancelNext = (): void => {};

  const again = (afterMs: number): void => {
    cancelNext();
    cancelNext = clock.after(afterMs, () => void probe());
  };

  const once = async (): Promise<void> => {
    if (signal.aborted || !deps.isOnline()) return;
    cancelNext();
    const spell = deps.spells();
    const outcome = await host.scheduler.gpus(signal);
    if (!signal.aborted && spell === deps.spells()) take(outcome);
  };

  const take = (outcome: GpusOutcome): void => {
    switch (outcome.kind) {
      case 'blind':
        return deps.onBlind(outcome);
      case 'unknown':
        notices = [outcome.reason];
        return again(PROBE_EVERY_MS);
      case 'gpus': {
        const { gpus } = outcome;
        notices = gpus === null ? [] : missing(gpus);
        write((names) => (gpus === null ? null : busyWith(gpus, names)));
        if (!isWritten) return again(RETRY_MS);
        // a driver that was installed meanwhile is found at the next reconcile
        return gpus === null ? undefined : again(PROBE_EVERY_MS);
      }
      default:
        return assertNever(outcome);
    }
  };

  const missing = (gpus: readonly Gpu[]): string[] =>
    [...host.gpus].flatMap(([slot, names]) => {
      const absent = missingGpus(gpus, names);
      if (absent.length === 0) return [];
      return [`slot ${slot} is on GPU ${absent.join(' and ')}, and nvidia-smi lists no such GPU`];
    });

  /** Only what is new: most probes see what the one before saw. */
  const write = (busyOn: (names: readonly string[]) => string | null): void => {
    let changes: readonly BusyChange[];
    try {
      changes = readSlots(store.db, host.name).flatMap(({ name, busy: before }) => {
        const names = host.gpus.get(name);
        const busy = names === undefined ? null : busyOn(names);
        return busy === before ? [] : [{ name, before, busy }];
      });
      if (changes.length > 0) {
        store.write((tx) => {
          for (const { name, busy } of changes) noteBusy(tx, host.name, name, busy);
        });
      }
    } catch (error) {
      isWritten = false;
      return troubles.note(subject, 'gpus', error);
    }
    troubles.over(subject, 'gpus');
    const wasOwed = !isWritten;
    isWritten = true;
    for (const { name, before, busy } of changes) {
      const fields = { host: host.name, slot: name };
      if (busy === null) log.info(fields, `nobody else computes on slot ${host.name}/${name} any more`);
      else if (before === null) log.warn(fields, `slot ${host.name}/${name} is busy: ${busy}`);
    }
    if (wasOwed || changes.some(({ busy }) => busy === null)) deps.onFree();
  };

  const probe = (): Promise<void> => {
    if (host.gpus.size > 0) running = running.then(once);
    return running;
  };

  return {
    probe,
    isWritten: () => isWritten,
    notices: () => notices,
    async stop() {
      cancelNext();
      await running;
      cancelNext();
    },
  };
}
