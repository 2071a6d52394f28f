import { Hono } from 'hono';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';

import { lastJournalId } from '../../store/queries.ts';
import { readAssets } from './assets.ts';
import type { WebDeps } from './deps.ts';
import { createRefusals, guard } from './guard.ts';
import type { WebEnv } from './guard.ts';
import { layout } from './layout.ts';
import { createPageCache, makePage, parseMarks } from './page.ts';
import type { MadePage, Page, View } from './page.ts';
import { nowPage } from './pages/now.ts';
import { createEventStream } from './stream.ts';

export type WebApp = Hono<WebEnv>;

/**
 * The web page as one Hono app, without a server. Everything is behind the check of the Host header and the limits;
 * what is mounted on it later (`app.route`) is too, and adds its path to `OPEN` where it may be read without the token.
 */
export function createWebApp(deps: WebDeps): WebApp {
  const app = new Hono<WebEnv>();
  const refusals = createRefusals(deps);
  const assets = readAssets();
  const stream = createEventStream(deps);
  const cache = createPageCache();
  const { site, people, reader, clock } = deps;
  const cookie = `mqi-${site.instance}`;

  const show = async (c: Context<WebEnv>, view: (view: View) => Page | null): Promise<Response> => {
    const person = c.var.person;
    const url = new URL(c.req.url);
    const make = async (): Promise<MadePage | null> => {
      const page = view({ db: reader.db, site, nowMs: clock.now(), person, readOnly: people.trouble(), url });
      return page === null ? null : makePage(page);
    };
    const key = `${person?.name ?? ''} ${url.pathname}${url.search}`;
    const page = await cache.make(key, reader.version(), clock.monotonic(), make);
    if (page === null) return c.notFound();
    const marks = c.req.header('mqi-parts');
    if (marks !== undefined) return c.json(newsOf(page, parseMarks(marks)));
    return c.html(
      layout(page, { assets, site, person, readOnly: people.trouble(), journal: lastJournalId(reader.db) }),
    );
  };

  app.use(guard(deps, refusals));
  app.use(async (c, next) => {
    c.set('person', people.personOf(getCookie(c, cookie) ?? '', clock.now()));
    await next();
  });

  app.get('/assets/:version/:name', (c) => {
    const asset = assets.find(c.req.param('name'));
    if (asset === null) return c.notFound();
    const isThis = c.req.param('version') === assets.version;
    c.header('Cache-Control', isThis ? 'public, max-age=31536000, immutable' : 'no-store');
    return c.body(asset.body, 200, { 'Content-Type': asset.type });
  });

  app.get('/events', (c) => {
    const last = Number(c.req.header('last-event-id') ?? c.req.query('after') ?? Number.NaN);
    const body = stream.open(Number.isSafeInteger(last) && last >= 0 ? last : null);
    if (body === null) return refusals.refuse(c, 503, 'too many pages are open');
    return c.body(body, 200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
  });

  app.get('/', (c) => show(c, nowPage));
  app.notFound((c) => refusals.refuse(c, 404, 'there is nothing here'));
  app.onError((error, c) => {
    deps.log.warn({ web: 'failed', path: c.req.path }, `web: ${c.req.method} ${c.req.path} failed: ${error.message}`);
    return c.text('the page cannot be made; the log of the daemon says why\n', 500);
  });
  return app;
}

/** The parts that are not as the browser has them. */
function newsOf(page: MadePage, marks: ReadonlyMap<string, string>): object {
  const changed = page.parts.filter((part) => marks.get(part.id) !== part.mark);
  return {
    title: page.title,
    // a page that has other parts than before is loaded anew
    whole: page.parts.map((part) => part.id).join(' ') === [...marks.keys()].join(' '),
    parts: changed.map(({ id, html, mark }) => ({ id, html, mark })),
  };
}
