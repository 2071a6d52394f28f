import type { Order } from '../../../src/domain/order.ts';
import { readCase } from '../../../src/store/cases.ts';
import { readOrder, recordOrder } from '../../../src/store/orders.ts';
import type { OrderRow } from '../../../src/store/orders.ts';
import type { OrderedIntake } from '../../../src/supervisor/orders/orders.ts';
import { createWorld } from '../world.ts';
import type { World } from '../world.ts';

export const SECOND = 1_000;

export function give(world: World, order: Order): number {
  return recordOrder(world.store, order, 'alice', 'a test', world.clock.now());
}

export function orderRow(world: World, id: number): OrderRow {
  return readOrder(world.store.db, id)!;
}

/** Given, and what became of it after a moment. */
export async function ordered(world: World, order: Order, waitMs = SECOND): Promise<OrderRow> {
  const id = give(world, order);
  await world.clock.pass(waitMs);
  return orderRow(world, id);
}

/** A reading of a folder that a test lets go on, or end. */
export interface Reading {
  readonly path: string;
  readonly signal: AbortSignal;
  readonly onRead: (moved: number, total: number) => void;
  readonly onWait: () => void;
  /** The folder is as it was admitted. */
  end(): void;
  answer(inspection: Awaited<ReturnType<OrderedIntake['inspect']>>): void;
  fail(error: Error): void;
}

/** Folders that are read as slowly as a test wants; a reading ends too when it is called off. */
export class Folders {
  readonly readings: Reading[] = [];

  readonly inspect: OrderedIntake['inspect'] = (path, { signal, onRead, onWait }) =>
    new Promise((resolve, reject) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      signal.addEventListener('abort', () => resolve({ kind: 'stopped' }), { once: true });
      this.readings.push({
        path,
        signal,
        onRead,
        onWait,
        end: () =>
          resolve({ kind: 'ready', found: { path, name, fingerprint: 'f'.repeat(64), files: 1, sizeBytes: 1 } }),
        answer: resolve,
        fail: reject,
      });
    });

  /** The last that was begun. */
  get last(): Reading {
    return this.readings.at(-1)!;
  }
}

/** A world whose folders are read as a test says, with one host that cases finish on. */
export function worldWith(folders: Folders, options: Partial<Parameters<typeof createWorld>[0]> = {}): World {
  return createWorld({
    observeEveryMs: 10 * SECOND,
    limitMs: 3_600 * SECOND,
    ...options,
    intake: { inspect: folders.inspect, ...options.intake },
  });
}

/** A case that is over: it was cancelled. */
export async function overCase(world: World, name: string): Promise<string> {
  const caseId = world.admit(name);
  await ordered(world, { kind: 'cancel', caseId }, 20 * SECOND);
  const row = readCase(world.store.db, caseId);
  if (row?.state !== 'failed') throw new Error(`${name} is ${row?.phase}`);
  return caseId;
}
