import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { expect, onTestFinished, test } from 'vitest';

import { tempFolder } from '../store/temp.ts';

const clone = join(import.meta.dirname, '..', '..');

interface Installed {
  readonly folder: string;
  readonly program: string;
}

/** What `npm install` of the package makes: the files that are packed, and its dependencies, less those of development. */
function installed(): Installed {
  const folder = join(tempFolder(), 'a b ü');
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: clone,
    encoding: 'utf8',
  });
  const [{ files }] = JSON.parse(packed) as [{ readonly files: readonly { readonly path: string }[] }];
  for (const { path } of files) cpSync(join(clone, path), join(folder, path));
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies)) link(folder, name);
  return { folder, program: join(folder, 'dist', 'mqi.js') };
}

function link(folder: string, name: string): void {
  const target = join(folder, 'node_modules', name);
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(join(clone, 'node_modules', name), target);
}

const env = { PATH: process.env['PATH'] };

/** Its daemon, with its page on a port of its own. */
function start(program: string, ...nodeArgs: readonly string[]): ChildProcess & { readonly stdout: Readable } {
  const child = spawn(process.execPath, [...nodeArgs, program, 'run', '--web-listen', '127.0.0.1:0'], {
    cwd: tempFolder(),
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('the package and its dependencies alone are the whole daemon, in a folder of any name', async () => {
  const { program } = installed();
  const child = start(program);
  const exit = once(child, 'exit');
  const html = await (await fetch(await pageOf(child.stdout))).text();
  expect(html).toMatch(/\/assets\/\w+\/app\.js/);
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
});

async function pageOf(log: Readable): Promise<string> {
  for await (const line of createInterface({ input: log })) {
    const page = /"web page: ([^"]+)"/.exec(line)?.[1];
    if (page !== undefined) return page;
  }
  throw new Error('the daemon ended before its page was there');
}

test('a SQLite that was compiled for another Node, or not at all, is told with the command that compiles it', () => {
  const { folder, program } = installed();
  const library = join(folder, 'node_modules', 'better-sqlite3');
  // of the clone's own: without what was compiled
  rmSync(library);
  for (const part of ['package.json', 'lib'])
    cpSync(join(clone, 'node_modules', 'better-sqlite3', part), join(library, part), { recursive: true });
  for (const name of ['bindings', 'file-uri-to-path']) link(folder, name);
  const mqi = (...args: readonly string[]): string => {
    const ran = spawnSync(process.execPath, [program, ...args], { cwd: tempFolder(), env, encoding: 'utf8' });
    return ran.stdout + ran.stderr;
  };
  const repair = `next: cd '${folder}' && npm rebuild better-sqlite3\n`;
  expect(mqi('run')).toMatch(/^mqi: the compiled part of SQLite did not load: [^\n]+\n {2}next: cd /);
  const told = mqi('doctor');
  expect(told).toMatch(/^FAIL {2}database /m);
  expect(told).toContain(repair);
});

/** Ends the threads at SIGUSR2: from outside nothing else can. */
const ENDS_THREADS = `
const threads = require('node:worker_threads');
const { Worker } = threads;
const begun = [];
threads.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    begun.push(this);
  }
};
require('node:module').syncBuiltinESMExports();
process.on('SIGUSR2', () => begun.splice(0).forEach((thread) => void thread.terminate()));
`;

test('a daemon whose package is away, since another version is being installed, loses at most its page, for that time', async () => {
  const { folder, program } = installed();
  const preload = join(tempFolder(), 'ends-threads.cjs');
  writeFileSync(preload, ENDS_THREADS);
  const child = start(program, '--require', preload);
  const exit = once(child, 'exit');
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (line.includes('"web page: ') && said.some((earlier) => earlier.includes('cannot be served'))) {
      child.kill('SIGTERM');
    } else if (line.includes('"web page: ')) {
      renameSync(folder, `${folder}.away`);
      child.kill('SIGUSR2');
    } else if (line.includes('cannot be served') && existsSync(`${folder}.away`)) {
      renameSync(`${folder}.away`, folder);
    }
  }
  expect([await exit, said.join('\n')]).toEqual([[0, null], expect.stringContaining('cannot be served')]);
});
