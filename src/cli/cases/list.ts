import { Command, Option } from 'commander';

import { CASE_STATES } from '../../domain/case.ts';
import type { CaseState } from '../../domain/case.ts';
import { formatDuration } from '../../domain/duration.ts';
import { FAILURE_KINDS } from '../../domain/failure.ts';
import type { FailureKind } from '../../domain/failure.ts';
import { attemptsByToken, formatCursor, listCases, parseCursor } from '../../store/queries.ts';
import type { AttemptRow, CaseFilter, CasePage, Cursor, ListedCase, ReadDb } from '../../store/queries.ts';
import { caseListShape } from '../../views/shapes.ts';
import { CliError } from '../cli-error.ts';
import { JSON_OPTION, optionsOf } from '../cli.ts';
import type { Cli, JsonOption } from '../cli.ts';
import { EXIT } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { styled } from '../screen.ts';
import type { Piece } from '../screen.ts';
import { withSession } from '../session.ts';
import { printTable } from '../table.ts';
import { age, phaseWord, place, stateWord } from '../words.ts';

const DEFAULT_LIMIT = 50;
/** A page is held in memory twice, as rows and as text. */
const LARGEST_LIMIT = 10_000;

interface ListOptions extends JsonOption {
  readonly state?: CaseState;
  readonly failure?: FailureKind;
  readonly search?: string;
  readonly limit?: string;
  readonly after?: string;
}

export function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('newest first, a page at a time')
    .addOption(new Option('--state <state>', 'only these').choices(CASE_STATES))
    .addOption(new Option('--failure <kind>', 'only cases that failed so').choices(FAILURE_KINDS))
    .option('--search <text>', 'only names that contain it')
    .option('--limit <number>', 'cases a page', String(DEFAULT_LIMIT))
    .option('--after <next>', 'the page after the one that printed this')
    .option(...JSON_OPTION)
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<ListOptions>(command);
      const limit = limitOf(options.limit);
      const after = afterOf(options.after);
      await withSession(cli.io, options, 'read', ({ db }) => {
        const page = listCases(db, filterOf(options), after, limit);
        if (options.json === true) cli.io.out.json(caseListShape(page, openFatesOf(db, page)));
        else print(cli.io, page, options);
      });
      cli.exitWith(EXIT.ok);
    });
}

function filterOf({ state, failure, search }: ListOptions): CaseFilter {
  return {
    ...(state === undefined ? {} : { state }),
    ...(failure === undefined ? {} : { failure }),
    ...(search === undefined ? {} : { search }),
  };
}

function limitOf(text: string | undefined): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_LIMIT) return limit;
  throw new CliError(`--limit ${text} is no number from 1 to ${LARGEST_LIMIT}`, 'mqi cases list --help', EXIT.usage);
}

function afterOf(text: string | undefined): Cursor | null {
  if (text === undefined) return null;
  const cursor = parseCursor(text);
  if (cursor !== null) return cursor;
  throw new CliError(`--after ${text} is no \`next\` of an earlier page`, 'mqi cases list', EXIT.usage);
}

/** What became of jobs that were given up without proof: the hint of their cases says it. */
function openFatesOf(db: ReadDb, { cases }: CasePage): ReadonlyMap<string, AttemptRow> {
  const open = cases.filter(({ failureKind }) => failureKind === 'interrupted' || failureKind === 'abandoned');
  return attemptsByToken(
    db,
    open.flatMap(({ token }) => token ?? []),
  );
}

function print(io: Io, page: CasePage, options: ListOptions): void {
  if (page.cases.length === 0) {
    const filtered = options.state !== undefined || options.failure !== undefined || options.search !== undefined;
    io.err.line(filtered ? 'no case is like that' : 'no cases yet: mqi intake list shows what was seen');
    return;
  }
  const now = io.clock.now();
  printTable(
    io.out,
    [
      { head: 'ID' },
      { head: 'NAME', shrinkTo: 12 },
      { head: 'STATE' },
      { head: 'PHASE' },
      { head: 'WHERE', shrinkTo: 9, dispensable: true },
      { head: 'SEEN RUNNING', align: 'right', dispensable: true },
      { head: 'CHANGED', align: 'right' },
      { head: 'NOTE', shrinkTo: 10, dispensable: true },
    ],
    page.cases.map((row) => [
      row.id,
      row.name,
      stateWord(row.state),
      phaseWord(row.state, row.phase),
      place(row.host, row.slot),
      row.observedMs === 0 ? '' : formatDuration(row.observedMs),
      `${age(row.updatedAt, now)} ago`,
      noteOf(row, now),
    ]),
  );
  if (page.next !== null) io.err.line(styled('dim', `next page: mqi cases list --after ${formatCursor(page.next)}`));
}

/** The one thing that a person should know beside the phase. */
export function noteOf(row: ListedCase, nowMs: number): Piece {
  if (row.failure !== null) return styled('red', row.failure.kind);
  if (row.setAside !== null) return styled('red', 'set aside');
  if (row.blindCause !== null) {
    const since = row.blindSince === null ? '' : ` for ${age(row.blindSince, nowMs)}`;
    return styled('yellow', `unreachable${since}: ${row.blindCause}`);
  }
  if (row.blocked !== null) return styled('yellow', `blocked: ${row.blocked}`);
  return row.paused ? styled('yellow', 'paused') : '';
}
