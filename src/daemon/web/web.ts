import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Worker } from 'node:worker_threads';

import type { Logger } from 'pino';

import { packageFile } from '../../cli/package-file.ts';
import type { Config } from '../../config/config.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Store } from '../../store/database.ts';
import { writeMeta } from '../../store/meta.ts';
import { reasonOf } from '../../supervisor/log.ts';
import type { Host } from '../../supervisor/host/host.ts';
import type { WebSite } from '../../views/web/deps.ts';
import { whyConfigOf } from '../why-config.ts';
import { PULSE_MS } from './messages.ts';
import type { FromWeb, ToWeb, WebWorkerData } from './messages.ts';
import { createTails } from './tails.ts';

/** A page that cannot be served (its port is taken) is tried again, rarer and rarer. */
const RETRY_MS = { first: 2_000, longest: 60_000 } as const;

/** What the thread may use; one that wants more is ended and begun anew, and nothing else suffers. */
const MOST_MEMORY_MB = 256;

export interface Web {
  stop(): Promise<void>;
}

/**
 * Serves the web page from a thread of its own. Whatever goes wrong there is said in the log, and recorded for
 * `mqi status` and `mqi doctor`: the daemon goes on without the page.
 */
export function startWeb(deps: {
  readonly config: Config;
  readonly instance: string;
  readonly store: Store;
  readonly hosts: readonly Host[];
  readonly pulse: SharedArrayBuffer;
  readonly clock: Clock;
  readonly log: Logger;
}): Web {
  const { config, store, clock, log } = deps;
  const { web, database } = config;
  const data: WebWorkerData = { database, web, pulse: deps.pulse, site: siteOf(config, deps.instance, clock) };
  const tails = createTails(deps.hosts, clock);
  let thread: Worker | null = null;
  let isStopping = false;
  let failures = 0;
  let said: string | null = null;
  let cancelRetry = (): void => {};
  let cancelPulse = (): void => {};

  /** Recorded where the other programs of this machine find it; a full disk must not take the page away. */
  const record = (text: string): void => {
    try {
      store.write((tx) => writeMeta(tx, 'web', text));
    } catch (error) {
      log.warn({ web: 'unrecorded' }, `where the web page is cannot be recorded: ${reasonOf(error)}`);
    }
  };

  const hear = (message: FromWeb, from: Worker): void => {
    switch (message.kind) {
      case 'listening':
        failures = 0;
        said = null;
        record(message.url);
        return log.info({ web: 'listening', url: message.url }, `web page: ${message.url}`);
      case 'trouble':
        return trouble(message.reason);
      case 'log':
        return log[message.level](message.fields, message.message);
      case 'ask': {
        const { id, question } = message;
        void tails.tail(question).then((answer) => tellTo(from, { kind: 'answer', id, answer }));
      }
    }
  };

  const trouble = (reason: string): void => {
    record(`! ${reason}`);
    if (said === reason) return;
    said = reason;
    log.error({ web: 'trouble', reason }, `the web page cannot be served, everything else goes on: ${reason}`);
  };

  // once: while another version is being installed the package may be away, which must only fail the thread
  const program = packageFile('dist', 'web-worker.js');
  const start = (): void => {
    const begun = new Worker(program, {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY_MB },
    });
    thread = begun;
    begun.on('message', (message: FromWeb) => hear(message, begun));
    begun.on('error', (error) => trouble(reasonOf(error)));
    begun.once('exit', () => {
      if (isStopping) return;
      failures += 1;
      const waitMs = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** (failures - 1));
      cancelRetry = clock.after(waitMs, start);
    });
  };
  const beat = (): void => {
    if (thread !== null) tellTo(thread, { kind: 'pulse' });
    cancelPulse = clock.after(PULSE_MS, beat);
  };
  record('');
  if (web.listen.kind !== 'off') {
    start();
    beat();
  }

  return {
    async stop() {
      isStopping = true;
      cancelRetry();
      cancelPulse();
      if (thread !== null) await ended(thread, clock);
      record('');
    },
  };
}

function siteOf(config: Config, instance: string, clock: Clock): WebSite {
  return {
    release: (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { readonly version: string }).version,
    instance,
    watch: config.watch.path,
    results: config.results,
    database: config.database,
    holder: { pid: process.pid, host: hostname(), since: new Date(clock.now()).toISOString() },
    hostnames: config.web.hostnames,
    sinks: config.notify.sinks.map(({ name, type }) => ({ name, type })),
    isPublic: config.web.listen.kind === 'at' && !config.web.listen.isLoopback,
    why: whyConfigOf(config),
  };
}

/** How long its connections may take to close. */
const CLOSE_MS = 2_000;

async function ended(thread: Worker, clock: Clock): Promise<void> {
  // it has ended by itself: nothing more comes
  if (thread.threadId === -1) return;
  const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  tellTo(thread, { kind: 'stop' });
  let given = (): void => {};
  const givenUp = new Promise<void>((resolve) => (given = resolve));
  // a read of a file server that stands still cannot be called off, and its thread does not end before it
  let cancel = clock.after(CLOSE_MS, () => {
    void thread.terminate();
    cancel = clock.after(CLOSE_MS, given);
  });
  await Promise.race([exited, givenUp]);
  cancel();
}

function tellTo(thread: Worker, message: ToWeb): void {
  thread.postMessage(message, []);
}
