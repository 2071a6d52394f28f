import { Command } from 'commander';

import { listRecentOrders } from '../store/queries.ts';
import type { NamedOrder } from '../store/queries.ts';
import { orderProgress } from '../views/order-progress.ts';
import { orderShape } from '../views/shapes.ts';
import { JSON_OPTION, optionsOf } from './cli.ts';
import type { Cli, JsonOption } from './cli.ts';
import { EXIT } from './exit-code.ts';
import type { Io } from './io.ts';
import { styled } from './screen.ts';
import type { Piece } from './screen.ts';
import { withSession } from './session.ts';
import { printTable } from './table.ts';
import { age } from './words.ts';

/** What fits a screen; the journal of a case has all of its own. */
const MOST = 20;

export function ordersCommand(cli: Cli): Command {
  return new Command('orders')
    .description(`the last ${MOST} orders, who gave them, why, and what became of them`)
    .option(...JSON_OPTION)
    .action(async (_: unknown, self: Command) => {
      const options = optionsOf<JsonOption>(self);
      await withSession(cli.io, options, 'read', (session) => {
        const orders = listRecentOrders(session.db, MOST);
        if (options.json === true) cli.io.out.json({ orders: orders.map(orderShape) });
        else print(cli.io, orders, session.daemon().running);
      });
      cli.exitWith(EXIT.ok);
    });
}

function print(io: Io, orders: readonly NamedOrder[], running: boolean): void {
  if (orders.length === 0) io.out.line('no orders yet');
  else {
    const now = io.clock.now();
    printTable(
      io.out,
      [
        { head: '#', align: 'right' },
        { head: 'ORDER' },
        { head: 'OF', shrinkTo: 10 },
        { head: 'BY', shrinkTo: 8 },
        { head: 'WHY', shrinkTo: 8, dispensable: true },
        { head: 'GIVEN', align: 'right' },
        { head: 'OUTCOME', shrinkTo: 16 },
      ],
      orders.map((order): readonly Piece[] => [
        String(order.id),
        order.kind,
        order.caseName ?? subjectOf(order),
        order.by,
        order.why,
        `${age(order.createdAt, now)} ago`,
        outcomeOf(order, running),
      ]),
    );
  }
}

/** The host, slot, folder or token of an order that is about no case. */
function subjectOf({ arguments: given }: NamedOrder): string {
  const { host, slot, path, token } = given;
  const names = [host, slot, path, token].filter((name) => typeof name === 'string');
  return names.length === 0 ? 'all' : names.join('/');
}

function outcomeOf(order: NamedOrder, running: boolean): Piece {
  const { outcome, message } = order;
  // what a daemon that is gone was at says nothing
  if (outcome === null) return styled('yellow', (running ? orderProgress(order) : null) ?? 'waits for the daemon');
  return styled(COLOURS[outcome], `${outcome}: ${message ?? ''}`);
}

const COLOURS = { done: 'green', refused: 'red', cancelled: 'yellow' } as const;
