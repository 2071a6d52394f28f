import { resolve } from 'node:path';

import { Command, Option } from 'commander';

import { CANDIDATE_STATES, findCandidates, listCandidates } from '../store/queries.ts';
import type { CandidateRow, CandidateState } from '../store/queries.ts';
import { candidateShape } from '../views/shapes.ts';
import { nearestNames } from './case-ref.ts';
import { CliError } from './cli-error.ts';
import { JSON_OPTION, WHY_OPTION, optionsOf } from './cli.ts';
import type { Cli, JsonOption } from './cli.ts';
import { EXIT } from './exit-code.ts';
import type { Io } from './io.ts';
import { giveOrders } from './order.ts';
import type { OrderOptions, OrderRequest } from './order.ts';
import { styled } from './screen.ts';
import type { Piece, Style } from './screen.ts';
import { withSession } from './session.ts';
import type { Session } from './session.ts';
import { printTable } from './table.ts';
import { age, plural } from './words.ts';

/** Folders that are no case (yet); `admitted` ones are listed as cases. */
const PENDING: readonly CandidateState[] = ['settling', 'history', 'rejected', 'changed'];

export function intakeCommand(cli: Cli): Command {
  const command = new Command('intake').description('folders in the watched directory that are no case yet');
  command.addCommand(listCommand(cli)).addCommand(admitCommand(cli));
  return command;
}

function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('what was seen, and why it is not a case')
    .addOption(new Option('--state <state>', 'only these').choices(CANDIDATE_STATES))
    .option(...JSON_OPTION)
    .action(async (_: unknown, self: Command) => {
      const options = optionsOf<JsonOption & { readonly state?: CandidateState }>(self);
      const states = options.state === undefined ? PENDING : [options.state];
      await withSession(cli.io, options, 'read', ({ db, config }) => {
        const rows = listCandidates(db, states);
        if (options.json === true) cli.io.out.json({ candidates: rows.map(candidateShape) });
        else print(cli.io, rows, config.watch.path);
      });
      cli.exitWith(EXIT.ok);
    });
}

const STATE_STYLE: Readonly<Record<CandidateState, Style>> = {
  settling: 'cyan',
  history: 'yellow',
  rejected: 'red',
  admitted: 'green',
  changed: 'yellow',
  done: 'dim',
};

function print(io: Io, rows: readonly CandidateRow[], watched: string): void {
  if (rows.length === 0) {
    io.out.line(`nothing in ${watched} waits to become a case`);
    return;
  }
  const now = io.clock.now();
  printTable(
    io.out,
    [
      { head: 'FOLDER', shrinkTo: 16 },
      { head: 'STATE' },
      { head: 'SEEN', align: 'right' },
      { head: 'WHY', shrinkTo: 20 },
    ],
    rows.map((row): readonly Piece[] => [
      row.name,
      styled(STATE_STYLE[row.state], row.state),
      `${age(row.firstSeenAt, now)} ago`,
      row.reason ?? '',
    ]),
  );
  const held = rows.filter((row) => row.state === 'history').length;
  if (held > 0) {
    io.err.line(
      `${plural(held, 'folder')} lay here at the first start and ${held === 1 ? 'is' : 'are'} held back:`,
      ' mqi intake admit --all runs them, mqi intake admit --all --as-done counts them as done',
    );
  }
}

interface AdmitOptions extends OrderOptions {
  readonly all?: boolean;
  readonly asDone?: boolean;
}

function admitCommand(cli: Cli): Command {
  return new Command('admit')
    .argument('[folder...]', 'names as mqi intake list prints them, or paths')
    .description('let folders in that the first start held back')
    .option('--all', 'all that are held back')
    .option('--as-done', 'count them as done already: nothing is submitted')
    .option(...WHY_OPTION)
    .option(...JSON_OPTION)
    .action(async (folders: string[], _: unknown, self: Command) => {
      const options = optionsOf<AdmitOptions>(self);
      if (folders.length > 0 === (options.all === true)) {
        throw new CliError('name folders, or say --all', 'mqi intake list --state history', EXIT.usage);
      }
      await withSession(cli.io, options, 'orders', async (session) => {
        const asDone = options.asDone === true;
        const requests: readonly OrderRequest[] =
          options.all === true
            ? [{ order: { kind: 'admit', path: null, asDone }, subject: 'all held-back folders' }]
            : folders.map((text) => {
                const row = folderNamed(cli.io, session, text);
                return { order: { kind: 'admit', path: row.path, asDone }, subject: row.name };
              });
        cli.exitWith(await giveOrders(cli.io, session, requests, options));
      });
    });
}

function folderNamed(io: Io, { db }: Session, text: string): CandidateRow {
  const [found] = [...findCandidates(db, text), ...findCandidates(db, resolve(io.cwd, text))];
  if (found !== undefined) return found;
  const names = listCandidates(db, ['history']).map((row) => row.name);
  const meant = nearestNames(text, names);
  throw new CliError(
    `no folder ${text} was seen`,
    'mqi intake list',
    EXIT.notFound,
    meant.length === 0 ? [] : [`did you mean ${meant.join(', or ')}?`],
  );
}
