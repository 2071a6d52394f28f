import * as fs from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';

import { openExisting, openWatched } from '../../store/open.ts';
import { createWebApp } from '../../views/web/app.ts';
import type { LogTail, WebDeps } from '../../views/web/deps.ts';
import { createPeople } from '../../views/web/people.ts';
import { systemClock } from '../clock.ts';
import { readPulse } from '../pulse.ts';
import type { FromWeb, ToWeb, WebQuestion, WebWorkerData } from './messages.ts';
import { serve } from './serve.ts';
import { followTokenFile } from './token-file.ts';

/**
 * The thread of the web page: its own event loop and its own connections to the database, so that no page, however many
 * look at it, holds up the supervisor.
 */
const { database, web, site, pulse: memory } = workerData as WebWorkerData;
const port = parentPort;
if (port === null) throw new Error('this runs only as a thread of the daemon');

const tell = (message: FromWeb): void => port.postMessage(message);
const stopping = new AbortController();
const reader = openWatched(database);
const orders = openExisting(database, 'orders');
let pulseAt = systemClock.monotonic();
const asked = new Map<number, (answer: LogTail) => void>();
let questions = 0;

const ask = (question: WebQuestion): Promise<LogTail> =>
  new Promise((resolve) => {
    questions += 1;
    asked.set(questions, resolve);
    tell({ kind: 'ask', id: questions, question });
  });

const pulse = readPulse(memory);
const deps: WebDeps = {
  reader,
  orders,
  clock: systemClock,
  fs,
  site,
  people: createPeople(followTokenFile(web.tokenFile, systemClock)),
  tail: (host, token, stream) => ask({ about: 'tail', host, token, stream }),
  vitals: { tickAgeMs: () => pulse.ageMs(), lagMs: () => pulse.lagMs() },
  log: {
    info: (fields, message) => tell({ kind: 'log', level: 'info', fields, message }),
    warn: (fields, message) => tell({ kind: 'log', level: 'warn', fields, message }),
  },
  sincePulseMs: () => systemClock.monotonic() - pulseAt,
  signal: stopping.signal,
};

const close = (): void => {
  reader.close();
  orders.close();
  port.close();
};

const trouble = site.isPublic ? deps.people.trouble() : null;
if (trouble !== null) {
  tell({ kind: 'trouble', reason: `nothing but loopback is listened on without a token: ${trouble}` });
  close();
} else {
  try {
    const server = await serve(createWebApp(deps), web.listen);
    tell({ kind: 'listening', url: server.url });
    port.on('message', (message: ToWeb) => {
      switch (message.kind) {
        case 'pulse':
          pulseAt = systemClock.monotonic();
          return;
        case 'answer':
          asked.get(message.id)?.(message.answer);
          asked.delete(message.id);
          return;
        case 'stop':
          stopping.abort();
          void server.close().then(close);
      }
    });
  } catch (error) {
    tell({ kind: 'trouble', reason: error instanceof Error ? error.message : String(error) });
    stopping.abort();
    close();
  }
}
