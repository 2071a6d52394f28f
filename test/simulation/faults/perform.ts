import { assertNever } from '../../../src/domain/assert-never.ts';
import type { SimHost } from '../host/sim-host.ts';
import { STEADY } from '../network/wire.ts';
import type { World } from '../world.ts';
import type { Fault } from './fault.ts';
import { layHand } from './hands.ts';
import { beHasty } from './hasty.ts';
import { give } from './orders.ts';

/** When an operator tries a case again that was cancelled; refused while it is not over. */
const REDO_AT_MS = [3_000, 6_000, 12_000];

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Lets a fault happen now; what does not last is over by itself. */
export function perform(world: World, fault: Fault): void {
  const { timeline, history, database, results, wall } = world;
  const forAWhile = (what: string, forMs: number, begin: () => void, end: () => void): void => {
    history.note(`${what}, for ${seconds(forMs)}`);
    begin();
    timeline.after(forMs, end);
  };
  switch (fault.kind) {
    case 'crash':
      return world.lives.crash('at rest', fault.downMs);
    case 'restore':
      return world.lives.crash('its database is set back to a backup', fault.downMs, true);
    case 'back up':
      return world.backUp();
    case 'graceful stop':
      return world.lives.stopGracefully(fault.downMs);
    case 'freeze':
      history.note(`the daemon is frozen for ${seconds(fault.forMs)}`);
      world.lives.freeze(fault.forMs);
      return;
    case 'database full':
      return forAWhile(
        'the disk of the database is full',
        fault.forMs,
        () => (database.full = true),
        () => (database.full = false),
      );
    case 'results full':
      return forAWhile(
        'the disk of the results is full',
        fault.forMs,
        () => (results.full = true),
        () => (results.full = false),
      );
    case 'clock jump':
      history.note(`the date jumps by ${Math.round(fault.byMs / 1000)} s`);
      wall.offsetMs += fault.byMs;
      return;
    case 'folder changes':
      return world.changeFolder(fault.case);
    case 'folder hangs': {
      const { name } = world.shape.cases[fault.case % world.shape.cases.length]!;
      return forAWhile(
        `the disk of the folder of ${name} does not answer`,
        fault.forMs,
        () => world.folders.hanging.add(name),
        () => world.folders.hanging.delete(name),
      );
    }
    case 'folder goes': {
      const { name } = world.shape.cases[fault.case % world.shape.cases.length]!;
      return forAWhile(
        `the folder of ${name} is ${fault.how}`,
        fault.forMs,
        () => world.folders.missing.set(name, fault.how),
        () => world.folders.missing.delete(name),
      );
    }
    case 'order': {
      const line = world.caseLine(fault.case);
      if (line === null) return;
      history.note(`order: ${fault.order} ${line.name}`);
      if (fault.order !== 'redo') return give(world.operator(), line, fault.order);
      give(world.operator(), line, 'cancel');
      for (const delayMs of REDO_AT_MS) timeline.after(delayMs, () => give(world.operator(), line, 'retry'));
      return;
    }
    case 'hasty': {
      const line = world.caseLine(fault.case);
      if (line === null) return;
      history.note(`an operator in haste: ${fault.deed} (${line.name})`);
      return beHasty(world, line, fault.deed);
    }
    case 'cut':
    case 'flaky':
    case 'slow':
    case 'power cut':
    case 'queue crash':
    case 'disk full':
    case 'unmounted':
    case 'odd receipts':
    case 'odd attempt':
    case 'stranger':
    case 'driver fails':
    case 'hand':
      return performAtHost(world, fault);
    default:
      return assertNever(fault);
  }
}

function performAtHost(world: World, fault: Extract<Fault, { readonly host: number }>): void {
  const { timeline, history } = world;
  const { host, wire } = world.hostAt(fault.host);
  switch (fault.kind) {
    case 'cut':
      wire.sever(fault.cut);
      timeline.after(fault.forMs, () => wire.heal());
      return;
    case 'flaky':
      history.note(`${host.name}: flaky ${JSON.stringify(fault.flakiness)}`);
      wire.flakiness = fault.flakiness;
      timeline.after(fault.forMs, () => {
        wire.flakiness = STEADY;
      });
      return;
    case 'slow':
      history.note(`${host.name}: ${fault.what} slow (${fault.slowness.toFixed(2)}) for ${seconds(fault.forMs)}`);
      slowDown(host, fault.what, fault.slowness);
      timeline.after(fault.forMs, () => slowDown(host, fault.what, 0));
      return;
    case 'power cut':
      if (!host.powered) return;
      host.cutPower(fault.downMs);
      wire.end('black hole');
      return;
    case 'queue crash':
      if (host.powered && host.kind === 'pueue') host.queue.crash(fault.downMs);
      return;
    case 'disk full':
      history.note(`${host.name}: disk full`);
      host.diskFull = true;
      timeline.after(fault.forMs, () => {
        host.diskFull = false;
      });
      return;
    case 'odd receipts':
      history.note(`${host.name}: receipts cannot be read`);
      host.receiptsAreOdd = true;
      timeline.after(fault.forMs, () => {
        host.receiptsAreOdd = false;
      });
      return;
    case 'odd attempt': {
      const tokens = [...host.directories.keys(), ...host.staging].sort();
      const token = tokens[fault.nth % Math.max(1, tokens.length)];
      if (token === undefined) return;
      history.note(`${host.name}: ${token} is odd: ${fault.oddity}, for ${seconds(fault.forMs)}`);
      host.oddities.begin(fault.oddity, token);
      timeline.after(fault.forMs, () => host.oddities.end(fault.oddity, token));
      return;
    }
    case 'unmounted':
      history.note(`${host.name}: its root is not mounted`);
      host.mounted = false;
      timeline.after(fault.forMs, () => {
        host.mounted = true;
      });
      return;
    case 'stranger': {
      const slot = host.slots[fault.slot % host.slots.length]!;
      const count = (by: number): void => {
        const left = (host.strangers.get(slot) ?? 0) + by;
        if (left > 0) host.strangers.set(slot, left);
        else host.strangers.delete(slot);
      };
      history.note(`${host.name}: somebody else computes on the GPU of ${slot}, for ${seconds(fault.forMs)}`);
      count(1);
      timeline.after(fault.forMs, () => count(-1));
      return;
    }
    case 'driver fails':
      history.note(`${host.name}: its GPU driver fails`);
      host.driverFails = true;
      timeline.after(fault.forMs, () => {
        host.driverFails = false;
      });
      return;
    case 'hand':
      if (host.powered && layHand(host, fault.hand)) history.note(`${host.name}: an operator does: ${fault.hand}`);
      return;
    default:
      return assertNever(fault);
  }
}

function slowDown(host: SimHost, what: 'everything' | 'looks', slowness: number): void {
  if (what === 'looks') host.lookSlowness = slowness;
  else host.slowness = slowness;
}
