import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { expect, onTestFinished } from 'vitest';
import { stringify } from 'yaml';

import type { AttemptRow } from '../../src/store/attempts.ts';
import { readAttemptsOfCase } from '../../src/store/attempts.ts';
import type { CaseRow } from '../../src/store/cases.ts';
import type { Reader, Store } from '../../src/store/database.ts';
import { readJournal } from '../../src/store/journal.ts';
import { openExisting, openReader } from '../../src/store/open.ts';
import { recordOrder } from '../../src/store/orders.ts';
import { cases, orders } from '../../src/store/schema.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { readSlots } from '../../src/store/slots.ts';
import type { SlotRow } from '../../src/store/slots.ts';
import type { Phase } from '../../src/domain/case.ts';
import type { Order } from '../../src/domain/order.ts';
import { endJobsUnder } from './jobs.ts';

/** The compiled program, as a user runs it; `npm test` builds it first. */
export const MAIN = process.env['MQI_MAIN'] ?? join(import.meta.dirname, '..', '..', 'dist', 'mqi.js');

/** Variables of the tests themselves (MQI_LAB …) are none of the program's, and it refuses them by name. */
const OWN_ENV = { PATH: process.env['PATH'], HOME: process.env['HOME'] };

/** How long anything may take before a test gives up, on a slow and busy machine. Nothing waits for it to pass. */
const DEADLINE_MS = 60_000;

export interface Daemon {
  readonly child: ChildProcess;
  /** The lines it logged so far. */
  log(): string;
  /** Waits until it has logged this: what it commits can be read sooner than what it says of it. */
  says(text: string | RegExp): Promise<void>;
  /** How it ended. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
}

/** How a command of the CLI ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A site: a watched folder, results, a database and an embedded host, all in one temporary folder, and real daemons. */
export interface Site {
  readonly folder: string;
  /** The watched folder. */
  readonly watch: string;
  readonly root: string;
  readonly results: string;
  readonly database: string;
  /** `run.sh` is what the job of the case does; other files lie beside it. Appears in one rename. */
  drop(name: string, runScript: string, files?: Readonly<Record<string, string>>): string;
  start(options?: {
    readonly failPoints?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly wrap?: readonly string[];
  }): Daemon;
  /** Changes parts of the configuration, key by key; a daemon that runs does not see it. */
  configure(change: Readonly<Record<string, unknown>>): void;
  /** A command of the CLI with this site's configuration, to its end. */
  mqi(...args: readonly string[]): Promise<Ran>;
  /** Resolves with the first answer that is not null; polls the database, which is what the daemon commits to. */
  until<T>(what: string, ask: (reader: Reader) => T | null | undefined | false): Promise<T>;
  reader<T>(ask: (reader: Reader) => T): T;
  store<T>(act: (store: Store) => T): T;
  caseOf(name: string): CaseRow;
  /** Null while there is no such case. */
  find(name: string): CaseRow | null;
  slots(): SlotRow[];
  /** The phases that a case went through, as the journal has them. */
  phases(name: string): string[];
  attempts(name: string): AttemptRow[];
  order(order: Order): Promise<{ readonly outcome: string; readonly message: string }>;
  /** Waits until the case is in that phase. */
  in(name: string, phase: Phase): Promise<CaseRow>;
  /** Waits until the case is completed or failed. */
  final(name: string): Promise<CaseRow>;
  /** A run script that notes each of its runs (`runs`), then does `body`. */
  counting(name: string, body: string): string;
  /** How often the job of a case was started, over all its attempts. */
  runs(name: string): number;
  /** Tokens of all attempts on the host whose claim is by a job: each has run. */
  claimedByJob(): string[];
}

export interface SiteOptions {
  readonly slots?: number;
  readonly observeEvery?: string;
  readonly limit?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly host?: Readonly<Record<string, unknown>>;
  readonly job?: Readonly<Record<string, unknown>>;
  /** How long anything may take before a test gives up, milliseconds; 60 s unless given. */
  readonly deadlineMs?: number;
  /** How often the database is asked while a test waits, milliseconds; 25 unless given. */
  readonly pollMs?: number;
  /** When it is taken down; a site of a whole `describe` says `afterAll`. */
  readonly ends?: (takeDown: () => Promise<void>) => void;
}

export function createSite(options: SiteOptions = {}): Site {
  const folder = mkdtempSync(join(tmpdir(), 'mqi-site-'));
  const path = (...parts: string[]): string => join(folder, ...parts);
  const [root, results, database, configFile] = [
    path('host'),
    path('results'),
    path('var', 'mqi.db'),
    path('mqi.yaml'),
  ];
  mkdirSync(path('new_cases'));
  let config: Readonly<Record<string, unknown>> = {
    watch: { path: path('new_cases'), quiet_period: '200ms', rescan_every: '500ms' },
    results,
    database,
    job: {
      command: ['sh', '{inputs}/run.sh'],
      collect: [{ glob: 'output/**', optional: true }],
      limit: options.limit ?? '1h',
      ...options.job,
    },
    hosts: {
      here: {
        root,
        observe_every: options.observeEvery ?? '1s',
        stop_grace: '1s',
        slots: [{ name: 'gpu', count: options.slots ?? 1 }],
        ...options.host,
      },
    },
    // a test of the page asks for one: `web: { listen: '127.0.0.1:0' }`
    web: { listen: 'off' },
    ...options.config,
  };
  const configure = (change: Readonly<Record<string, unknown>>): void => {
    config = { ...config, ...change };
    writeFileSync(configFile, stringify(config));
  };
  configure({});
  const daemons: Daemon[] = [];
  const ends = options.ends ?? onTestFinished;
  ends(async () => {
    for (const daemon of daemons) daemon.kill('SIGKILL');
    await Promise.all(daemons.map((daemon) => daemon.exited));
    endJobsUnder(root);
    rmSync(folder, { recursive: true, force: true });
  });

  const reader = <T>(ask: (reader: Reader) => T): T => {
    const opened = openReader(database);
    try {
      return ask(opened);
    } finally {
      opened.close();
    }
  };
  const find = (from: Reader, name: string): CaseRow | null =>
    from.db
      .select()
      .from(cases)
      .all()
      .find((row) => row.name === name) ?? null;

  const site: Site = {
    folder,
    watch: path('new_cases'),
    root,
    results,
    database,
    configure,
    mqi: (...args) =>
      new Promise((resolve) => {
        execFile(process.execPath, [MAIN, '--config', configFile, ...args], { env: OWN_ENV }, (error, out, err) =>
          resolve({ code: error === null ? 0 : Number(error.code), out, err }),
        );
      }),
    drop(name, runScript, files = {}) {
      const hidden = path(`.${Math.random().toString(36).slice(2)}`);
      mkdirSync(hidden);
      for (const [file, text] of Object.entries({ 'run.sh': runScript, ...files }))
        writeFileSync(join(hidden, file), text);
      const target = path('new_cases', name);
      renameSync(hidden, target);
      return target;
    },
    start({ failPoints, env = {}, wrap = [] } = {}) {
      const [command, ...args] = [...wrap, process.execPath, MAIN, 'run', '--config', configFile];
      const child = spawn(command, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...OWN_ENV,
          ...env,
          ...(failPoints === undefined ? {} : { MQI_FAILPOINTS: failPoints }),
        },
      });
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      const closed = once(child, 'close');
      const exited = (once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>).then(
        async ([code, signal]) => {
          // its last words; something that outlives it may hold the pipe
          await Promise.race([closed, wait(2_000)]);
          return { code, signal };
        },
      );
      const says = (what: string | RegExp): Promise<void> =>
        expect
          .poll(() => text)
          .toSatisfy((log: string) => (typeof what === 'string' ? log.includes(what) : what.test(log)));
      const daemon: Daemon = { child, log: () => text, says, exited, kill: (signal) => void child.kill(signal) };
      daemons.push(daemon);
      return daemon;
    },
    async until(what, ask) {
      const begun = performance.now();
      // one connection for the whole wait: to open a database costs more than most questions
      const held = heldReader(database);
      try {
        for (;;) {
          const answer = tryAsk(() => held.ask(ask));
          if (answer !== null && answer !== undefined && answer !== false) return answer;
          if (performance.now() - begun > (options.deadlineMs ?? DEADLINE_MS)) {
            const log = daemons.map((daemon) => daemon.log()).join('\n--- restarted ---\n');
            throw new Error(`waited in vain: ${what}\n${log.slice(-6000)}`);
          }
          await wait(options.pollMs ?? 25);
        }
      } finally {
        held.close();
      }
    },
    reader,
    store(act) {
      const opened = openExisting(database, 'orders');
      try {
        return act(opened);
      } finally {
        opened.close();
      }
    },
    find: (name) => reader((from) => find(from, name)),
    caseOf: (name) => {
      const row = site.find(name);
      if (row === null) throw new Error(`there is no case ${name}`);
      return row;
    },
    slots: () => reader((from) => readSlots(from.db)),
    phases: (name) =>
      reader((from) => {
        const row = find(from, name);
        const all = row === null ? [] : readJournal(from.db, row.id).map((entry) => entry.toPhase);
        return all.filter((phase, index) => phase !== all[index - 1]);
      }),
    attempts: (name) =>
      reader((from) => {
        const row = find(from, name);
        return row === null ? [] : readAttemptsOfCase(from.db, row.id);
      }),
    async order(order) {
      const id = site.store((store) => recordOrder(store, order, 'tester', 'a test', Date.now()));
      return site.until(`order ${order.kind} handled`, (from) => {
        const row = from.db
          .select()
          .from(orders)
          .all()
          .find((candidate) => candidate.id === id);
        return row?.outcome == null ? null : { outcome: row.outcome, message: row.message ?? '' };
      });
    },
    in: (name, phase) =>
      site.until(`${name} is ${phase}`, (from) => {
        const row = find(from, name);
        return row?.phase === phase ? row : null;
      }),
    final: (name) =>
      site.until(`${name} is over`, (from) => {
        const row = find(from, name);
        return row !== null && (row.state === 'completed' || row.state === 'failed') ? row : null;
      }),
    counting: (name, body) => `echo run >> '${path(`runs.${name}`)}'\n${body}\n`,
    runs(name) {
      const file = path(`runs.${name}`);
      return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
    },
    claimedByJob: () =>
      readdirSync(join(root, 'attempts')).filter((token) => {
        const claim = join(root, 'attempts', token, 'claim');
        return existsSync(claim) && readFileSync(claim, 'utf8').startsWith('job ');
      }),
  };
  return site;
}

/** A reader that stays open, for as long as the file at `path` is the one that it reads: a test may put another there. */
function heldReader(path: string): { ask<T>(question: (reader: Reader) => T): T | null; close(): void } {
  let held: { readonly reader: Reader; readonly inode: number } | null = null;
  const close = (): void => {
    held?.reader.close();
    held = null;
  };
  return {
    ask(question) {
      const inode = statSync(path, { throwIfNoEntry: false })?.ino;
      if (held !== null && held.inode !== inode) close();
      if (inode === undefined) return null;
      held ??= { reader: openReader(path), inode };
      return question(held.reader);
    },
    close,
  };
}

/** A daemon that is just making its database gives no answer yet. */
function tryAsk<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch (error) {
    if (error instanceof StoreError) return null;
    throw error;
  }
}
