import { hostname } from 'node:os';

import { Command, InvalidArgumentError } from 'commander';

import type { SinkConfig } from '../config/config.ts';
import { instanceOf, listIncidents } from '../store/queries.ts';
import type { DeliveryRow, ToldIncident } from '../store/queries.ts';
import { openReader } from '../store/open.ts';
import { deliveryShape, incidentNext, incidentShape, incidentSummary } from '../views/incidents.ts';
import { nearestNames } from './case-ref.ts';
import { CliError } from './cli-error.ts';
import { JSON_OPTION, optionsOf } from './cli.ts';
import type { Cli, JsonOption } from './cli.ts';
import { EXIT } from './exit-code.ts';
import type { Io } from './io.ts';
import { styled } from './screen.ts';
import type { Piece } from './screen.ts';
import { configOf, withSession } from './session.ts';
import { age, localTime } from './words.ts';

interface ListOptions extends JsonOption {
  readonly limit: number;
}

export function notificationsCommand(cli: Cli): Command {
  const command = new Command('notifications').description(
    'what the daemon tells by itself, to whom, and whether it arrived',
  );
  command
    .command('list')
    .description('what lasts now and what is over, newest first, each with its deliveries')
    .option('--limit <n>', 'so many that are over', wholeNumber, 20)
    .option(...JSON_OPTION)
    .action(async (_: unknown, self: Command) => {
      const options = optionsOf<ListOptions>(self);
      await withSession(cli.io, options, 'read', ({ db, config }) => {
        const incidents = listIncidents(db, options.limit);
        const { sinks } = config.notify;
        if (options.json === true) {
          cli.io.out.json({
            sinks: sinks.map(({ name, type, on }) => ({ name, type, on })),
            incidents: incidents.map(incidentShape),
            // its first name, which scripts go on reading
            episodes: incidents.map(incidentShape),
          });
        } else print(cli.io, sinks, incidents);
      });
      cli.exitWith(EXIT.ok);
    });
  command
    .command('test')
    .argument('<sink>', 'as the configuration names it')
    .description('tell a sink, now, that nothing is wrong')
    .option(...JSON_OPTION)
    .action(async (name: string, _: unknown, self: Command) => {
      const options = optionsOf<JsonOption>(self);
      const config = configOf(cli.io, options);
      const sink = sinkNamed(config.notify.sinks, name);
      // not before it is needed: the reading commands need no mail
      const [{ createSink }, { testMessage }] = await Promise.all([
        import('../daemon/notify/create-sink.ts'),
        import('../daemon/notify/message.ts'),
      ]);
      const sender = { instance: instanceIn(config.database), machine: hostname() };
      const message = testMessage(name, sender, cli.io.clock.now());
      const answer = await createSink(sink, cli.io.clock).deliver(message, cli.io.interruption());
      const reason = answer.kind === 'failed' ? answer.reason : null;
      if (options.json === true) cli.io.out.json({ sink: name, delivered: reason === null, error: reason });
      else if (reason === null) cli.io.out.line(styled('green', 'ok'), `  ${name} took it (${message.delivery})`);
      else throw new CliError(`${name} did not take it: ${reason}`, 'mqi config show');
      cli.exitWith(reason === null ? EXIT.ok : EXIT.failed);
    });
  return command;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('a whole number up to 9999');
  return Number(text);
}

/** A test needs no database, and there may be none yet. */
function instanceIn(database: string): string {
  try {
    const reader = openReader(database);
    try {
      return instanceOf(reader.db) ?? 'new';
    } finally {
      reader.close();
    }
  } catch {
    return 'new';
  }
}

function sinkNamed(sinks: readonly SinkConfig[], name: string): SinkConfig {
  const found = sinks.find((sink) => sink.name === name);
  if (found !== undefined) return found;
  const names = sinks.map((sink) => sink.name);
  const [near] = nearestNames(name, names);
  throw new CliError(
    names.length === 0
      ? 'the configuration names nobody to tell (notify.sinks)'
      : `there is no sink ${name} in the configuration; there are ${names.join(', ')}`,
    near === undefined ? 'mqi config show' : `mqi notifications test ${near}`,
    EXIT.notFound,
  );
}

/** A block each: a sentence, and a line a message. */
function print(io: Io, sinks: readonly SinkConfig[], incidents: readonly ToldIncident[]): void {
  const told = sinks.map((sink) => `${sink.name} (${sink.type})`).join(', ');
  io.out.line(styled('dim', 'told: '), told === '' ? 'nobody: the configuration has no notify.sinks' : told);
  if (incidents.length === 0) io.out.line('nothing happened that anybody is told of');
  for (const incident of incidents) {
    const isOver = incident.endedAt !== null;
    io.out.line();
    io.out.line(
      isOver ? styled('dim', 'over  ') : styled('yellow', 'lasts '),
      styled('bold', incident.kind),
      `  ${localTime(incident.openedAt)}  `,
      styled('dim', incident.id),
    );
    io.out.line(`      ${incidentSummary(incident)}`);
    for (const delivery of incident.deliveries) io.out.line('      ', ...deliveryPieces(delivery, io.clock.now()));
    if (!isOver) io.out.line(styled('dim', '      next: '), incidentNext(incident));
  }
}

function deliveryPieces(row: DeliveryRow, nowMs: number): readonly Piece[] {
  const { sink, edge, state, tries } = { ...deliveryShape(row) };
  const which = `${sink}, ${edge}: `;
  switch (state) {
    case 'delivered':
      return [
        which,
        styled('green', 'delivered'),
        ` ${localTime(row.deliveredAt!)}${tries > 1 ? `, try ${tries}` : ''}`,
      ];
    case 'waiting':
      return tries === 0
        ? [which, 'about to be sent']
        : [which, styled('yellow', 'waiting'), `, try ${tries + 1} in ${age(nowMs, row.nextAt!)}: ${row.error ?? ''}`];
    case 'given_up':
      return [which, styled('red', 'given up'), ` after ${tries} tries: ${row.error ?? ''}`];
  }
}
