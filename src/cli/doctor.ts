import { Command } from 'commander';

import { JSON_OPTION, optionsOf } from './cli.ts';
import type { Cli, JsonOption } from './cli.ts';
import { attentionChecks } from './doctor/attention-checks.ts';
import { runCheck } from './doctor/check.ts';
import type { Check, Checked, Survey } from './doctor/check.ts';
import { configCheck, loadFor } from './doctor/config-check.ts';
import { databaseChecks } from './doctor/database-checks.ts';
import { folderChecks } from './doctor/folder-checks.ts';
import { hostChecks } from './doctor/host-checks.ts';
import { machineChecks } from './doctor/machine-checks.ts';
import { sinkChecks } from './doctor/sink-checks.ts';
import { spaceChecks } from './doctor/space-checks.ts';
import { webChecks } from './doctor/web-checks.ts';
import { EXIT } from './exit-code.ts';
import type { Io } from './io.ts';
import { styled } from './screen.ts';
import type { GlobalOptions } from './session.ts';
import { plural } from './words.ts';

export function doctorCommand(cli: Cli): Command {
  return new Command('doctor')
    .description('what is wrong with this installation, and which command repairs it')
    .option(...JSON_OPTION)
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<JsonOption>(command);
      const results: Checked[] = [];
      for (const check of checksFor(cli.io, options)) {
        for (const each of await resultsOf(check)) {
          const result = unlessTold(each, results);
          results.push(result);
          if (options.json !== true) print(cli.io, result);
        }
      }
      const failed = results.filter((result) => result.status === 'fail').length;
      if (options.json === true) cli.io.out.json({ ok: failed === 0, checks: results });
      else summary(cli.io, results);
      cli.exitWith(failed === 0 ? EXIT.ok : EXIT.failed);
    });
}

/** What keeps several checks from looking, such as a database that cannot be read, is one thing to repair. */
function unlessTold(result: Checked, before: readonly Checked[]): Checked {
  if (result.status !== 'fail') return result;
  const told = before.find(
    ({ host, status, found, repair }) =>
      status === 'fail' && host === result.host && found === result.found && repair === result.repair,
  );
  return told === undefined
    ? result
    : { ...result, status: 'info', found: `not checked, because of what ${told.name} says`, repair: null };
}

async function resultsOf(check: Check | Survey): Promise<readonly Checked[]> {
  if ('survey' in check) return check.survey();
  return [{ host: null, name: check.name, ...(await runCheck(check)) }];
}

function checksFor(io: Io, options: GlobalOptions): readonly (Check | Survey)[] {
  const outcome = loadFor(io, options);
  const config = outcome.kind === 'loaded' ? outcome.config : null;
  return [
    configCheck(outcome),
    ...(config === null
      ? []
      : [
          ...folderChecks(config),
          ...databaseChecks(config, io.clock),
          ...hostChecks(config),
          ...spaceChecks(config),
          ...attentionChecks(config.database),
          ...webChecks(config),
          ...sinkChecks(config, io.env['PATH'] ?? '', io.clock),
        ]),
    ...machineChecks(io, config),
  ];
}

const MARK = { ok: ['green', 'ok  '], warn: ['yellow', 'warn'], fail: ['red', 'FAIL'], info: ['dim', 'info'] } as const;
const NAME_COLUMNS = 18;

function print(io: Io, { host, name: about, status, found, repair }: Checked): void {
  const name = host === null ? about : `${host} ${about}`;
  const [style, mark] = MARK[status];
  io.out.line(styled(style, mark), `  ${name.padEnd(NAME_COLUMNS)} `, found);
  if (repair !== null) io.out.line(styled('dim', `${' '.repeat(7 + NAME_COLUMNS)}next: `), repair);
}

function summary(io: Io, results: readonly Checked[]): void {
  const count = (status: Checked['status']): number => results.filter((result) => result.status === status).length;
  const failed = count('fail');
  const warned = count('warn');
  const warnings = warned === 0 ? '' : `, ${plural(warned, 'warning')}`;
  io.out.line();
  const waiting = results.filter(({ status, name }) => status === 'warn' && AT_WORK.has(name)).length;
  if (failed > 0) io.out.line(styled('red', `${plural(failed, 'thing')} to repair`), warnings);
  else if (waiting === 0) io.out.line(styled('green', 'nothing is broken'), warnings);
  else
    io.out.line(styled('yellow', `nothing fails, and ${plural(waiting, 'thing')} above cannot go on alone`), warnings);
}

/** What is said of the work itself: as long as something of it waits for a person, all is not well. */
const AT_WORK: ReadonlySet<string> = new Set(['hosts', 'slots', 'orphans', 'blocked', 'trouble']);
