import { Command } from 'commander';

import { isBeingChecked, leftRoot, listHosts, putBack, saidOf } from '../store/queries.ts';
import type { HostRow } from '../store/queries.ts';
import { hostShape } from '../views/shapes.ts';
import { nearestNames } from './case-ref.ts';
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
import type { Session } from './session.ts';
import { printTable } from './table.ts';
import { age } from './words.ts';

export function hostsCommand(cli: Cli): Command {
  const command = new Command('hosts').description('the machines that jobs run on');
  command
    .command('list')
    .description('whether each can be seen, since when, and what its queue says')
    .option(...JSON_OPTION)
    .action(async (_: unknown, self: Command) => {
      const options = optionsOf<JsonOption>(self);
      await withSession(cli.io, options, 'read', (session) => {
        const hosts = listHosts(session.db);
        if (options.json === true) cli.io.out.json({ hosts: hosts.map(hostShape) });
        else printHosts(cli.io, hosts, session.daemon().running);
      });
      cli.exitWith(EXIT.ok);
    });
  command
    .command('takeover')
    .argument('<host>')
    .description('make this installation the owner of a host’s root that another one owned')
    .option(...WHY_OPTION)
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, _: unknown, self: Command) => {
      const options = optionsOf<RepairOptions>(self);
      await withSession(cli.io, options, 'orders', async (session) => {
        const effects = takeover(session, name);
        if (options.dryRun === true) return cli.exitWith(dryRun(cli.io, effects));
        const request = { order: { kind: 'takeover', host: name }, subject: name } as const;
        cli.exitWith(await giveOrders(cli.io, session, [request], options));
      });
    });
  return command;
}

function takeover({ config, db }: Session, name: string): Effects {
  const configured = config.hosts.find((host) => host.name === name);
  if (configured === undefined) {
    const names = config.hosts.map((host) => host.name);
    const meant = nearestNames(name, names);
    throw new CliError(
      `there is no host ${name} in the configuration; there are ${names.join(', ')}`,
      meant.length === 0 ? 'mqi hosts list' : `mqi hosts takeover ${meant[0]}`,
      EXIT.notFound,
    );
  }
  const left = leftRoot(db, name, configured.root);
  if (left !== null) {
    return { possible: false, lines: [`${saidOf(left, configured.root)}: ${putBack(left, name)}`] };
  }
  const reason = listHosts(db).find((host) => host.name === name)?.reason;
  return {
    possible: true,
    lines: [
      ...(reason == null ? [] : [`${name} says now: ${reason}`]),
      `${configured.root}/owner on ${name} names this installation, and no other works there any more`,
      'a daemon of the other installation that still runs must be stopped first: two would share the GPUs',
    ],
  };
}

const STATE_STYLE = { online: 'green', connecting: 'yellow', offline: 'red' } as const;

/** While no daemon runs nobody checks them: what stands in the database is how it was. */
export function printHosts(io: Io, hosts: readonly HostRow[], daemonRuns: boolean): void {
  const now = io.clock.now();
  printTable(
    io.out,
    [
      { head: 'HOST' },
      { head: 'STATE' },
      { head: 'SINCE', align: 'right' },
      { head: 'LAST SEEN', align: 'right', dispensable: true },
      { head: 'NOTE', shrinkTo: 20 },
    ],
    hosts.map((host): readonly Piece[] => [
      host.name,
      daemonRuns ? stateOf(host) : styled('dim', `was ${host.state}`),
      age(host.since, now),
      host.lastSeenAt === null ? 'never' : `${age(host.lastSeenAt, now)} ago`,
      noteOf(host),
    ]),
  );
}

/** One that answers again is no more than that until all that lies on it was reconciled. */
function stateOf(host: HostRow): Piece {
  return isBeingChecked(host) ? styled('yellow', 'checking') : styled(STATE_STYLE[host.state], host.state);
}

function noteOf(host: HostRow): Piece {
  if (host.state !== 'online') return [host.cause, host.reason].filter((text) => text !== null).join(': ');
  if (isBeingChecked(host)) {
    return styled(
      'yellow',
      `answers again and is being checked: nothing is leased there (was lost: ${host.reason ?? ''})`,
    );
  }
  if (host.reconciledAt === null) return styled('yellow', 'not reconciled yet: nothing is leased there');
  return host.notices.join('; ');
}
