import type { Mutant } from './mutant.ts';
import { ORDERS_MUTANTS } from './orders.ts';
import { SCHEDULER_MUTANTS } from './scheduler.ts';
import { SUPERVISOR_MUTANTS } from './supervisor.ts';
import { TRANSFER_MUTANTS } from './transfer.ts';
import { VIEWS_MUTANTS } from './views.ts';

/** By the part of the program that they are in. */
export const MUTANTS: ReadonlyMap<string, readonly Mutant[]> = new Map([
  ['orders', ORDERS_MUTANTS],
  ['scheduler', SCHEDULER_MUTANTS],
  ['supervisor', SUPERVISOR_MUTANTS],
  ['transfer', TRANSFER_MUTANTS],
  ['views', VIEWS_MUTANTS],
]);
