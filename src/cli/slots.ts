import { Command } from 'commander';

import type { Order } from '../domain/order.ts';
import { listOrphans, listSlots } from '../store/queries.ts';
import type { Orphan, ReadDb, SlotWithCase } from '../store/queries.ts';
import { slotShape } from '../views/shapes.ts';
import { CliError } from './cli-error.ts';
import { DRY_RUN_OPTION, JSON_OPTION, WHY_OPTION, optionsOf } from './cli.ts';
import type { Cli, JsonOption } from './cli.ts';
import { EXIT } from './exit-code.ts';
import type { Io } from './io.ts';
import { giveOrders } from './order.ts';
import { dryRun } from './repair.ts';
import type { Effects, RepairOptions } from './repair.ts';
import { styled } from './screen.ts';
import type { Piece } from './screen.ts';
import { withSession } from './session.ts';
import { printTable } from './table.ts';
import { age } from './words.ts';

export function slotsCommand(cli: Cli): Command {
  const command = new Command('slots').description('the GPUs, and who holds them');
  command
    .command('list')
    .description('every slot, its state and its case')
    .option(...JSON_OPTION)
    .action(async (_: unknown, self: Command) => {
      const options = optionsOf<JsonOption>(self);
      await withSession(cli.io, options, 'read', ({ db }) => {
        const slots = listSlots(db);
        if (options.json === true) cli.io.out.json({ slots: slots.map(slotShape) });
        else printSlots(cli.io, slots);
      });
      cli.exitWith(EXIT.ok);
    });
  command
    .command('clear')
    .argument('<host/slot>', 'as mqi slots list names it')
    .description('give a quarantined or busy slot back, after making sure that nothing runs on it')
    .option(...WHY_OPTION)
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, _: unknown, self: Command) => {
      const options = optionsOf<RepairOptions>(self);
      await withSession(cli.io, options, 'orders', async (session) => {
        const slot = slotNamed(listSlots(session.db), name);
        if (options.dryRun === true) return cli.exitWith(dryRun(cli.io, clearing(slot, orphanOf(session.db, slot))));
        const isBusy = slot.state !== 'quarantined' && slot.busy !== null;
        const order: Order = {
          kind: 'clear_slot',
          host: slot.host,
          slot: slot.name,
          ...(isBusy ? { busy: true } : {}),
        };
        cli.exitWith(await giveOrders(cli.io, session, [{ order, subject: fullName(slot) }], options));
      });
    });
  return command;
}

function fullName(slot: SlotWithCase): string {
  return `${slot.host}/${slot.name}`;
}

/** `HOST/SLOT`, or the slot alone where only one host has one of that name. */
function slotNamed(slots: readonly SlotWithCase[], name: string): SlotWithCase {
  const found = slots.filter((slot) => fullName(slot) === name || slot.name === name);
  const exact = found.find((slot) => fullName(slot) === name);
  if (exact !== undefined) return exact;
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only;
  const names = (only === undefined ? slots : found).map(fullName).join(', ');
  if (only !== undefined) throw new CliError(`${name} is on several hosts: ${names}`, 'mqi slots list', EXIT.usage);
  throw new CliError(
    `there is no slot ${name}${names === '' ? '' : `; there are ${names}`}`,
    'mqi slots list',
    EXIT.notFound,
  );
}

function orphanOf(db: ReadDb, { token }: SlotWithCase): Orphan | null {
  return listOrphans(db).find((orphan) => orphan.token === token) ?? null;
}

function clearing(slot: SlotWithCase, orphan: Orphan | null): Effects {
  const name = fullName(slot);
  const busy = slot.busy === null ? [] : [`${name} is busy: ${slot.busy}`];
  if (slot.state !== 'quarantined') {
    if (slot.busy === null)
      return { possible: false, lines: [`${name} is ${slot.state}, neither quarantined nor busy`] };
    const then =
      slot.state === 'leased' ? 'its case goes on' : 'the next staged case gets it at once, beside that process';
    return { possible: true, lines: [...busy, `it counts as not busy until nvidia-smi is asked again; ${then}`] };
  }
  const seen = orphan?.proof === null ? (orphan.orphan ?? null) : null;
  return {
    possible: true,
    lines: [
      ...(seen === null
        ? []
        : [
            `refused while the daemon still sees it at work; last seen: ${seen} (mqi orphans kill ${orphan!.token} ends it)`,
          ]),
      `${name} is quarantined: ${slot.reason ?? 'no reason was recorded'}`,
      ...(slot.token === null ? [] : [`attempt ${slot.token} then counts as gone, on your word`]),
      ...(slot.busy === null
        ? ['it is free, and the next staged case gets it at once']
        : [...busy, 'so it stays without a case until that process has ended, or it is cleared once more']),
    ],
  };
}

const STATE_STYLE = { free: 'green', leased: 'cyan', quarantined: 'red' } as const;

export function printSlots(io: Io, slots: readonly SlotWithCase[]): void {
  const now = io.clock.now();
  printTable(
    io.out,
    [
      { head: 'SLOT' },
      { head: 'STATE' },
      { head: 'CASE', shrinkTo: 12 },
      { head: 'PHASE', dispensable: true },
      { head: 'SINCE', align: 'right' },
      { head: 'WHY', shrinkTo: 16 },
    ],
    slots.map((slot): readonly Piece[] => [
      `${fullName(slot)}${slot.configured ? '' : ' (not configured any more)'}`,
      slot.state === 'free' && slot.busy !== null
        ? styled('yellow', 'busy')
        : styled(STATE_STYLE[slot.state], slot.state),
      slot.caseName ?? slot.caseId ?? '',
      slot.phase ?? '',
      age(slot.since, now),
      slot.reason ?? slot.busy ?? '',
    ]),
  );
}
