import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { Command } from 'commander';

import { isFinal } from '../../domain/case.ts';
import { caseDetail } from '../../store/queries.ts';
import type { AttemptRow, CaseDetail } from '../../store/queries.ts';
import { followOnHost } from '../../daemon/doctor/on-host.ts';
import { resultsFolder } from '../../views/results.ts';
import { resolveCase } from '../case-ref.ts';
import { CliError } from '../cli-error.ts';
import { optionsOf } from '../cli.ts';
import type { Cli } from '../cli.ts';
import { EXIT } from '../exit-code.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { copyFile, followFile } from '../log-file.ts';
import { styled } from '../screen.ts';
import { withSession } from '../session.ts';
import type { Session } from '../session.ts';
import { explanationOf } from '../why.ts';

interface LogsOptions {
  readonly stderr?: boolean;
  readonly attempt?: string;
  readonly follow?: boolean;
}

export function logsCommand(cli: Cli): Command {
  return new Command('logs')
    .argument('<case>')
    .description('what the job printed: collected, or (on this machine) as it runs')
    .option('--stderr', 'its error output instead')
    .option('--attempt <number>', 'of an earlier attempt')
    .option('-f, --follow', 'go on until the job ends')
    .action(async (text: string, _: unknown, command: Command) => {
      const options = optionsOf<LogsOptions>(command);
      await withSession(cli.io, options, 'read', async (session) => {
        const { id } = resolveCase(session.db, text);
        const detail = caseDetail(session.db, id);
        if (detail === null) throw new Error(`case ${id} was there a moment ago`);
        cli.exitWith(await printLog(cli.io, session, detail, options));
      });
    });
}

async function printLog(io: Io, session: Session, detail: CaseDetail, options: LogsOptions): Promise<ExitCode> {
  const stream = options.stderr === true ? 'stderr' : 'stdout';
  const number = attemptNumber(detail, options.attempt);
  const collected = join(resultsFolder(session.config.results, detail.row.name, number), stream);
  if (existsSync(collected)) {
    copyFile(collected, io.out);
    if (stream === 'stdout') tellOfErrors(io, detail, number, join(dirname(collected), 'stderr'));
    return EXIT.ok;
  }
  const isCurrent = number === detail.row.attempt;
  const attempt = detail.attempts.findLast((row) => row.number === number) ?? null;
  const live = isCurrent && !isFinal(detail.row.state);
  if (attempt === null) {
    if (live && options.follow === true) return follow(io, session, detail.row.id, stream);
    throw noLog(io, session, detail, live);
  }
  const running = fileOnThisMachine(session, attempt, stream);
  if (running === null) throw elsewhere(session, attempt, stream, live);
  if (live && options.follow === true) return follow(io, session, detail.row.id, stream);
  if (!existsSync(running)) throw noLog(io, session, detail, live);
  copyFile(running, io.out);
  return EXIT.ok;
}

/** Of a job that failed, the reason stands there more often than here. */
function tellOfErrors(io: Io, { row }: CaseDetail, number: number, file: string): void {
  if (!existsSync(file) || statSync(file).size === 0) return;
  const attempt = number === row.attempt ? '' : ` --attempt ${number}`;
  io.err.line(styled('dim', `it wrote errors too: mqi cases logs ${row.id} --stderr${attempt}`));
}

function attemptNumber({ row }: CaseDetail, text: string | undefined): number {
  if (text === undefined) return row.attempt;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= row.attempt) return number;
  throw new CliError(
    `${row.name} has no attempt ${text}: ${row.attempt === 1 ? 'there is only attempt 1' : `they are 1 to ${row.attempt}`}`,
    `mqi cases show ${row.id}`,
    EXIT.notFound,
  );
}

/** Null where the host is another machine. */
function fileOnThisMachine({ config }: Session, attempt: AttemptRow, stream: string): string | null {
  const host = config.hosts.find(({ name }) => name === attempt.host);
  return host?.transport.type === 'local' ? join(host.root, 'attempts', attempt.token, stream) : null;
}

function elsewhere({ config }: Session, attempt: AttemptRow, stream: string, live: boolean): CliError {
  const host = config.hosts.find(({ name }) => name === attempt.host);
  if (host === undefined) {
    return new CliError(
      `it was not collected, and ${attempt.host} is no longer in the configuration`,
      `put ${attempt.host} back under hosts:`,
      EXIT.notFound,
    );
  }
  const file = `${host.root}/attempts/${attempt.token}/${stream}`;
  const how = followOnHost(host, 'attempts', attempt.token, stream);
  return new CliError(
    live ? `it is collected when the job ends; until then it lies in ${file} on ${host.name}` : 'it was not collected',
    how,
    live ? EXIT.tryLater : EXIT.notFound,
  );
}

function noLog(io: Io, session: Session, { row }: CaseDetail, live: boolean): CliError {
  const { sentence, next } = explanationOf(io, session, row.id);
  return new CliError(`nothing was printed yet: ${sentence}`, next, live ? EXIT.tryLater : EXIT.notFound);
}

/** Until the job has ended or Ctrl-C; a case that still waits is waited for. */
async function follow(io: Io, session: Session, caseId: string, stream: string): Promise<ExitCode> {
  const signal = io.interruption();
  await followFile({
    screen: io.out,
    clock: io.clock,
    signal,
    /** Where it is now, and whether more may come. */
    poll: () => {
      const detail = caseDetail(session.db, caseId);
      const attempt = detail?.attempts.findLast((row) => row.token === detail.row.token);
      const phase = detail?.row.phase;
      return {
        file: attempt === undefined ? null : fileOnThisMachine(session, attempt, stream),
        isOver: phase === undefined || phase === 'collecting' || phase === 'completed' || phase === 'failed',
      };
    },
  });
  return signal.aborted ? EXIT.interrupted : EXIT.ok;
}
