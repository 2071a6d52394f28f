import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { stringify } from 'yaml';

import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { packageFile } from '../package-file.ts';
import { shellWord } from '../shell-word.ts';

/** Everything of one demo, in one folder. */
export interface Site {
  readonly folder: string;
  readonly config: string;
  readonly watch: string;
  readonly results: string;
  readonly database: string;
  readonly log: string;
}

/** Makes the folder and its configuration. */
export function prepareSite(io: Io, dir: string | null): Site {
  const folder = dir === null ? mkdtempSync(join(tmpdir(), 'mqi-demo-')) : resolve(io.cwd, dir);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new CliError(`${folder} is not empty`, 'mqi demo --dir another/folder', EXIT.cannotCreate);
  }
  const site: Site = {
    folder,
    config: join(folder, 'mqi.yaml'),
    watch: join(folder, 'new_cases'),
    results: join(folder, 'results'),
    database: join(folder, 'mqi.db'),
    log: join(folder, 'daemon.log'),
  };
  try {
    mkdirSync(site.watch, { recursive: true });
    writeFileSync(site.config, configuration());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`the demo has no folder: ${reason}`, 'mqi demo --dir FOLDER', EXIT.cannotCreate);
  }
  return site;
}

/** Two slots for four cases, so that some wait; times short enough for a person who watches. */
function configuration(): string {
  const program = packageFile('examples', 'bragg', 'bragg.mjs');
  const settings = {
    watch: { path: 'new_cases', quiet_period: '500ms', rescan_every: '1s' },
    results: 'results',
    database: 'mqi.db',
    job: {
      command: [literal(process.execPath), literal(program), '{inputs}', 'output'],
      collect: ['output/**'],
      limit: '5m',
    },
    hosts: { local: { root: 'host', observe_every: '1s', slots: [{ name: 'gpu', count: 2 }] } },
    web: { listen: '127.0.0.1:0' },
  };
  return `# written by mqi demo: a Monte Carlo dose calculation, two at a time, on this machine\n${stringify(settings)}`;
}

/** A brace in a path is no placeholder. */
function literal(path: string): string {
  return path.replaceAll('{', '{{').replaceAll('}', '}}');
}

/** The command that removes all of it. */
export function tidyUp(site: Site): string {
  return `rm -r ${shellWord(site.folder)}`;
}

/** Copies the examples beside the watched folder, then renames each into it, as a careful user does. */
export function dropCases(site: Site): readonly string[] {
  const examples = packageFile('examples', 'cases');
  const names = readdirSync(examples, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  for (const name of names) {
    const copy = join(site.folder, `.copying-${name}`);
    copyFolder(join(examples, name), copy);
    renameSync(copy, join(site.watch, name));
  }
  return names;
}

/** By its content alone: the package may belong to root and be read-only, its copy must not. */
function copyFolder(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copyFolder(join(from, entry.name), join(to, entry.name));
    else copyFileSync(join(from, entry.name), join(to, entry.name));
  }
}
