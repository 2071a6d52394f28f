import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { formatDuration } from '../../domain/duration.ts';
import { listCases } from '../../store/queries.ts';
import type { ListedCase, ReadDb } from '../../store/queries.ts';
import { resultsFolder } from '../../views/results.ts';
import { EXIT } from '../exit-code.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { styled } from '../screen.ts';
import type { Piece } from '../screen.ts';
import { shellWord } from '../shell-word.ts';
import { printTable } from '../table.ts';
import { stateWord } from '../words.ts';
import type { DemoEnd } from './follow.ts';
import { tidyUp } from './site.ts';
import type { Site } from './site.ts';

/** The one example that is wrong on purpose, and the code with which its job refuses bad input. */
const BAD_CASE = 'bad-energy';
const BAD_INPUT = 3;

/** Says what became of each case, and whether all of it is what it has to be. */
export function summarize(io: Io, db: ReadDb, site: Site, names: readonly string[], end: DemoEnd): ExitCode {
  const rows = listCases(db, {}, null, names.length).cases.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  printTable(
    io.out,
    [{ head: 'CASE' }, { head: 'STATE' }, { head: 'TIME', align: 'right' }, { head: 'ITS LAST WORDS', shrinkTo: 30 }],
    rows.map((row): readonly Piece[] => [
      row.name,
      stateWord(row.state),
      formatDuration(row.phaseSince - row.createdAt),
      lastWords(site, row),
    ]),
  );
  io.out.line();
  for (const row of rows) if (row.state === 'completed') io.out.line(styled('dim', 'dose plot  '), plotOf(site, row));
  for (const row of rows)
    if (row.failure !== null) io.out.line(styled('dim', 'next       '), hint(io, site, row.failure.hint));
  io.out.line(styled('dim', 'status     '), `${io.self} status --config ${shellWord(site.config)}`);
  io.out.line(styled('dim', 'tidy up    '), tidyUp(site));
  return verdict(io, site, rows, names, end);
}

/** The same command, for this site and as it can be typed here. */
function hint(io: Io, site: Site, command: string): string {
  return `${command.replace(/^mqi /, `${io.self} `)} --config ${shellWord(site.config)}`;
}

function plotOf(site: Site, row: ListedCase): string {
  return join(resultsFolder(site.results, row.name, row.attempt), 'output', 'dose.svg');
}

/** What the job of a completed case printed last, or why a case failed and what its job said about it. */
function lastWords(site: Site, row: ListedCase): string {
  const folder = resultsFolder(site.results, row.name, row.attempt);
  if (row.state === 'completed') return lastLine(join(folder, 'stdout'));
  const said = lastLine(join(folder, 'stderr'));
  return `${row.failure?.kind ?? row.phase}: ${row.failure?.message ?? ''}${said === '' ? '' : `; ${said}`}`;
}

function lastLine(file: string): string {
  return existsSync(file) ? (readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '') : '';
}

function verdict(io: Io, site: Site, rows: readonly ListedCase[], names: readonly string[], end: DemoEnd): ExitCode {
  const wrong = names.filter((name) => {
    const row = rows.find((candidate) => candidate.name === name);
    return row === undefined || !isAsItShould(site, row);
  });
  io.out.line();
  if (end === 'final' && wrong.length === 0) {
    const good = names.length - 1;
    io.out.line(styled('green', 'ok'), `  ${good} doses are computed, and the bad case failed and says why`);
    return EXIT.ok;
  }
  const why = { final: '', late: ', out of time', died: ', the daemon ended by itself', interrupted: '' }[end];
  io.err.line(styled('red', 'mqi: '), `the demo went wrong${why}: ${wrong.join(', ')}`);
  io.err.line('  next: ', `less ${shellWord(site.log)}`);
  return EXIT.failed;
}

function isAsItShould(site: Site, row: ListedCase): boolean {
  if (row.name === BAD_CASE) return row.failure?.kind === 'job_failed' && row.failure.exitCode === BAD_INPUT;
  const plot = plotOf(site, row);
  return row.state === 'completed' && existsSync(plot) && statSync(plot).size > 0;
}
