import * as fs from 'node:fs/promises';

import { onTestFinished } from 'vitest';

import { openExisting, openWatched } from '../../src/store/open.ts';
import { createWebApp } from '../../src/views/web/app.ts';
import type { WebApp } from '../../src/views/web/app.ts';
import type { LogTail, WebDeps } from '../../src/views/web/deps.ts';
import { createPeople } from '../../src/views/web/people.ts';
import type { Tokens } from '../../src/views/web/people.ts';
import type { TestClock, TestSite } from '../cli/site.ts';

export const TOKEN = 'correct-horse-battery-staple';

/** What a browser sends with a form of one of our own pages. */
const OWN_FORM = {
  'content-type': 'application/x-www-form-urlencoded',
  'sec-fetch-site': 'same-origin',
  origin: 'http://localhost:8787',
};

export interface WebSiteOptions {
  readonly tokens?: Tokens;
  readonly site?: Partial<WebDeps['site']>;
  readonly tail?: WebDeps['tail'];
  readonly clock?: WebDeps['clock'];
  readonly fs?: WebDeps['fs'];
  readonly sincePulseMs?: WebDeps['sincePulseMs'];
}

/** The page over the database of a test site, without a server. */
export interface TestWeb {
  readonly app: WebApp;
  readonly deps: WebDeps;
  /** Lines of the log. */
  readonly lines: readonly string[];
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** A form as our own pages send it; headers of `''` are left out. */
  post(
    path: string,
    form: string | Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
  /** The cookie of somebody who has logged in. */
  login(token?: string): Promise<Readonly<Record<string, string>>>;
}

/** `alice` has a token, unless the options say otherwise. */
export function testWeb(site: TestSite, options: WebSiteOptions = {}): TestWeb {
  const reader = openWatched(site.database);
  const orders = openExisting(site.database, 'orders');
  const ending = new AbortController();
  onTestFinished(() => {
    ending.abort();
    reader.close();
    orders.close();
  });
  const tokens = options.tokens ?? { kind: 'usable', tokens: [{ name: 'alice', secret: TOKEN }] };
  const lines: string[] = [];
  const log = (_: unknown, message: string): void => void lines.push(message);
  const deps: WebDeps = {
    reader,
    orders,
    clock: options.clock ?? site.clock,
    fs: options.fs ?? fs,
    site: {
      release: '0.0.0',
      instance: 'test',
      watch: `${site.folder}/new`,
      results: site.results,
      database: site.database,
      holder: { pid: 1, host: 'here', since: '2026-01-02T03:04:05.000Z' },
      hostnames: ['mqi.example.org'],
      sinks: [{ name: 'ops', type: 'webhook' }],
      isPublic: false,
      why: {
        hosts: [{ name: 'local', stageAhead: 2 }],
        results: site.results,
        quietPeriodMs: 1_000,
        readyMarker: null,
      },
      ...options.site,
    },
    people: createPeople(() => tokens),
    tail: options.tail ?? (() => Promise.resolve<LogTail>({ kind: 'absent' })),
    sincePulseMs: options.sincePulseMs ?? (() => 0),
    vitals: { tickAgeMs: () => 100, lagMs: () => 3 },
    log: { info: log, warn: log },
    signal: ending.signal,
  };
  const app = createWebApp(deps);
  const ask = async (path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Response> => {
    const all = { host: 'localhost:8787', ...(body === undefined ? {} : OWN_FORM), ...headers };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
    const init = body === undefined ? { headers: sent } : { method: 'POST', headers: sent, body };
    return app.request(`http://localhost:8787${path}`, init);
  };
  const web: TestWeb = {
    app,
    deps,
    lines,
    get: (path, headers = {}) => ask(path, headers),
    post: (path, form, headers = {}) =>
      ask(path, headers, typeof form === 'string' ? form : new URLSearchParams(form).toString()),
    async login(token = TOKEN) {
      const answer = await web.post('/login', { token });
      const cookie = answer.headers.get('set-cookie')?.split(';')[0];
      if (cookie === undefined) throw new Error(`nobody was let in: ${answer.status}`);
      return { cookie };
    },
  };
  return web;
}

/** Lets timers of a test clock fire: the ones that wait now, once. */
export function timersOf(clock: TestClock): { fire(ms: number): void } {
  let waiting: (() => void)[] = [];
  Object.assign(clock, {
    after: (_: number, act: () => void) => {
      waiting.push(act);
      return () => {
        waiting = waiting.filter((other) => other !== act);
      };
    },
  });
  return {
    fire(ms) {
      clock.pass(ms);
      const due = waiting;
      waiting = [];
      for (const act of due) act();
    },
  };
}
