import { Command } from 'commander';

import { formatDuration, formatSize } from '../../domain/duration.ts';
import { caseDetail } from '../../store/queries.ts';
import type { CaseDetail, JournalRow } from '../../store/queries.ts';
import { caseDetailShape } from '../../views/shapes.ts';
import type { Explanation } from '../../views/why.ts';
import { resolveCase } from '../case-ref.ts';
import { JSON_OPTION, optionsOf } from '../cli.ts';
import type { Cli, JsonOption } from '../cli.ts';
import { EXIT } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { journalDetail } from '../../views/journal-line.ts';
import { spellText } from '../../views/spells.ts';
import { troubleText } from '../../views/troubles.ts';
import { styled } from '../screen.ts';
import type { Piece } from '../screen.ts';
import { withSession } from '../session.ts';
import type { Session } from '../session.ts';
import { printTable } from '../table.ts';
import { localTime, place } from '../words.ts';
import { explanationOf, printExplanation } from '../why.ts';

/** What fits a screen below the rest; `--all` prints the whole journal. */
const LAST_ENTRIES = 12;

interface ShowOptions extends JsonOption {
  readonly all?: boolean;
}

export function showCommand(cli: Cli): Command {
  return new Command('show')
    .argument('<case>')
    .description('one case: what it is, its attempts, what happened to it')
    .option('--all', 'the whole journal, not only its end')
    .option(...JSON_OPTION)
    .action(async (text: string, _: unknown, command: Command) => {
      const options = optionsOf<ShowOptions>(command);
      await withSession(cli.io, options, 'read', (session) => {
        const { id } = resolveCase(session.db, text);
        const detail = caseDetail(session.db, id);
        if (detail === null) throw new Error(`case ${id} was there a moment ago`);
        const why = explanationOf(cli.io, session, id);
        if (options.json === true) cli.io.out.json(caseDetailShape(detail, session.config.results, why));
        else print(cli.io, session, detail, why, options.all === true);
      });
      cli.exitWith(EXIT.ok);
    });
}

function print(io: Io, session: Session, detail: CaseDetail, why: Explanation, all: boolean): void {
  const { row } = detail;
  const { results } = caseDetailShape(detail, session.config.results, why).case;
  const facts: readonly (readonly [string, string])[] = [
    ['id', row.id],
    ['folder', `${row.path} (${row.files} files, ${formatSize(row.sizeBytes)})`],
    ['attempt', `${row.attempt}${row.token === null ? '' : `, ${row.token}`}`],
    ...(row.host === null ? [] : [['where', place(row.host, row.slot)] as const]),
    ...(row.jobId === null ? [] : [['job', row.jobId] as const]),
    ['seen running', `${formatDuration(row.observedMs)} of ${formatDuration(row.limitMs)}`],
    ['priority', String(row.priority)],
    ['admitted', localTime(row.createdAt)],
    ...(results === null ? [] : [['results', results] as const]),
  ];
  io.out.line(styled('bold', row.name), `  ${row.state === row.phase ? row.state : `${row.state}, ${row.phase}`}`);
  for (const [key, value] of facts) io.out.line(styled('dim', `  ${key.padEnd(13)}`), value);
  io.out.line();
  printExplanation(io, why);
  if (detail.attempts.length > 0) printAttempts(io, detail);
  for (const row of detail.troubles) io.out.line(styled('yellow', '  trouble      '), troubleText(row));
  printSpells(io, detail);
  printJournal(io, all ? detail.journal : detail.journal.slice(-LAST_ENTRIES), detail.journal.length);
}

function printAttempts(io: Io, { attempts }: CaseDetail): void {
  io.out.line();
  printTable(
    io.out,
    [
      { head: 'ATTEMPT', align: 'right' },
      { head: 'TOKEN', shrinkTo: 16 },
      { head: 'WHERE', shrinkTo: 9 },
      { head: 'JOB', dispensable: true },
      { head: 'OUTCOME' },
      { head: 'PROOF', dispensable: true },
    ],
    attempts.map((attempt) => [
      String(attempt.number),
      attempt.token,
      place(attempt.host, attempt.slot),
      attempt.jobId ?? '',
      outcomeOf(attempt),
      attempt.proof ?? styled('yellow', 'none yet'),
    ]),
  );
}

function outcomeOf(attempt: CaseDetail['attempts'][number]): Piece {
  if (attempt.orphan !== null) return styled('yellow', 'orphan');
  if (attempt.failure !== null) return styled('red', attempt.failure.kind);
  return attempt.endedAt === null ? 'under way' : styled('green', 'over');
}

function printSpells(io: Io, { spells }: CaseDetail): void {
  for (const spell of spells.slice(-LAST_ENTRIES)) {
    io.out.line(styled('dim', `  ${localTime(spell.since)}  `), spellText(spell));
  }
}

function printJournal(io: Io, entries: readonly JournalRow[], total: number): void {
  if (entries.length === 0) return;
  io.out.line();
  if (entries.length < total) io.out.line(styled('dim', `the last ${entries.length} of ${total} entries (--all)`));
  printTable(
    io.out,
    [{ head: 'WHEN' }, { head: 'EVENT' }, { head: 'TO' }, { head: 'DETAIL', shrinkTo: 20 }],
    entries.map((entry) => [localTime(entry.at), entry.event, entry.toPhase, journalDetail(entry)]),
  );
}
