import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { singleQuoted, singleQuotedSentence } from '../config/command.ts';
import type { Config, HostConfig } from '../config/config.ts';
import { durationText } from '../config/duration-text.ts';
import { loadConfig, type LoadOutcome } from '../config/load.ts';
import { configurationMarkdown } from '../config/markdown.ts';
import { schemaJson } from '../config/outline.ts';
import { CONFIG_EXIT_CODE, formatProblems } from '../config/problem.ts';
import { originsOf, showConfig } from '../config/show.ts';
import { TEMPLATE } from '../config/template.ts';
import { printable } from '../views/printable.ts';
import { shellWord } from './shell-word.ts';

/** `EX_CANTCREAT` of sysexits.h. */
const CANNOT_CREATE = 73;

/** `mqi config init | check | show | schema`. */
export function configCommand(): Command {
  const command = new Command('config').description('make, check and show the configuration');
  command
    .command('init')
    .argument('[FILE]', 'the file to write', 'mqi.yaml')
    .description('write a commented file to begin with; never overwrites one')
    .action((file: string) => init(file));
  command
    .command('check')
    .argument('[FILE]', 'default: the file that mqi run would read')
    .description('name all problems at once (exit code 78), or say what would be done')
    .action((file: string | undefined, _: unknown, self: Command) => check(load(file, self)));
  command
    .command('show')
    .argument('[FILE]', 'default: the file that mqi run would read')
    .option('--json', 'as JSON: the configuration in force, and the origin of what is not a default')
    .description('print the configuration in force, with the origin of what is not a default')
    .action((file: string | undefined, options: { json?: boolean }, self: Command) =>
      show(load(file, self), options.json === true),
    );
  command
    .command('schema')
    .option('--markdown', 'as a page: docs/configuration.md')
    .description('print the JSON Schema of the file')
    .action((options: { markdown?: boolean }) => {
      out(options.markdown === true ? configurationMarkdown() : schemaJson());
    });
  return command;
}

/** The FILE of the command, else the program's own `--config`, else what `mqi run` would find; and its `--database`. */
function load(file: string | undefined, self: Command): LoadOutcome {
  const { config, database } = self.optsWithGlobals<{ config?: string; database?: string }>();
  return loadConfig({
    file: file ?? config,
    environment: process.env,
    cwd: process.cwd(),
    overrides: database === undefined ? {} : { database },
  });
}

function init(file: string): void {
  try {
    // `wx`: refuses in the same step as it creates
    writeFileSync(resolve(process.cwd(), file), TEMPLATE, { flag: 'wx' });
    out(`wrote ${file}\nnext: mqi config check ${file}\n`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') fail(`${file} exists and is left as it is\nnext: mqi config check ${file}\n`, CANNOT_CREATE);
    else fail(`${file} cannot be written: ${message}\nnext: mqi config init another/mqi.yaml\n`, CANNOT_CREATE);
  }
}

function check(outcome: LoadOutcome): void {
  if (outcome.kind === 'invalid') fail(formatProblems(outcome.problems), CONFIG_EXIT_CODE);
  else out(summary(outcome.config));
}

function show(outcome: LoadOutcome, json: boolean): void {
  if (outcome.kind === 'invalid') {
    fail(formatProblems(outcome.problems), CONFIG_EXIT_CODE);
    return;
  }
  const { config, origin } = outcome;
  out(
    json ? `${JSON.stringify({ config, origins: originsOf(config, origin) }, null, 2)}\n` : showConfig(config, origin),
  );
}

/** What would be done, in the words of the documentation. */
function summary(config: Config): string {
  const { watch, job } = config;
  const command = typeof job.command === 'string' ? job.command : job.command.join(' ');
  const complete =
    watch.readyMarker === null ? `is unchanged for ${durationText(watch.quietPeriodMs)}` : `holds ${watch.readyMarker}`;
  const collect = job.collect.map(({ glob, optional }) => (optional ? `${glob} (optional)` : glob)).join(', ');
  const lines = [
    `ok        ${config.file ?? 'no file: the built-in defaults'}`,
    `watch     ${watch.path}; a case is complete when it ${complete}`,
    `job       ${JSON.stringify(command)}, at most ${durationText(job.limitMs)}`,
    `collect   ${collect === '' ? 'stdout and stderr only' : collect}`,
    `results   ${config.results}`,
    `database  ${config.database}`,
    ...config.hosts.map((host) => `host      ${hostSummary(host)}`),
    ...singleQuoted(job.command).map((name) => `note      ${singleQuotedSentence(name)}`),
    ...(existsSync(watch.path)
      ? []
      : [`note      the watched folder is not there yet: mkdir -p ${shellWord(watch.path)}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function hostSummary({ name, transport, scheduler, root, slots }: HostConfig): string {
  const where = transport.type === 'ssh' ? `ssh ${transport.host}` : 'this machine';
  const names = slots.map((slot) => slot.name).join(', ');
  return `${name}: ${where}, ${scheduler.type}, root ${root}, ${slots.length === 1 ? 'slot' : 'slots'} ${names}`;
}

/** A redirected `show` is a file to load again: only a terminal has to be spared what it would obey. */
function out(text: string): void {
  process.stdout.write(process.stdout.isTTY ? printableLines(text) : text);
}

function fail(text: string, exitCode: number): void {
  process.stderr.write(printableLines(text));
  process.exitCode = exitCode;
}

function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
