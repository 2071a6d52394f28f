import { Hono } from 'hono';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';

import { lastJournalId } from '../../store/queries.ts';
import { mountActions } from './act.ts';
import { readAssets } from './assets.ts';
import type { WebDeps } from './deps.ts';
import { createDisks } from './disk.ts';
import { mountDownloads } from './downloads.ts';
import { createFileLists } from './file-lists.ts';
import { createRefusals, guard } from './guard.ts';
import type { WebEnv } from './guard.ts';
import { layout } from './layout.ts';
import { operationsRoutes } from './operations.ts';
import { createPageCache, makePage, parseMarks } from './page.ts';
import type { MadePage, Page, View } from './page.ts';
import { casePage } from './pages/case.ts';
import { casesPage } from './pages/cases.ts';
import { createHostsPage } from './pages/hosts.ts';
import { intakePage } from './pages/intake.ts';
import { loginPage } from './pages/login.ts';
import { machinesPage } from './pages/machines.ts';
import { nowPage } from './pages/now.ts';
import { notificationsPage } from './pages/notifications.ts';
import { ordersPage } from './pages/orders.ts';
import { createEventStream } from './stream.ts';

export type WebApp = Hono<WebEnv>;

/** What may be asked for without the token where the page is public: how to get in, and how the daemon fares. */
const OPEN = /^\/(login|assets\/.*|livez|readyz|metrics)$/;

/**
 * The web page as one Hono app, without a server. Everything is behind the check of the Host header and the limits, and
 * what is mounted on it later (`app.route`) is too; a path that may be read without the token stands in `OPEN`.
 */
export function createWebApp(deps: WebDeps): WebApp {
  const app = new Hono<WebEnv>();
  const refusals = createRefusals(deps);
  const assets = readAssets();
  const stream = createEventStream(deps);
  const cache = createPageCache();
  const disks = createDisks(deps.fs, deps.clock);
  const files = createFileLists(disks, deps.clock);
  const { site, people, reader, clock } = deps;
  const cookie = `mqi-${site.instance}`;

  const viewOf = (c: Context<WebEnv>): View => ({
    db: reader.db,
    site,
    files,
    nowMs: clock.now(),
    person: c.var.person,
    readOnly: people.trouble(),
    url: new URL(c.req.url),
  });
  const whole = (c: Context<WebEnv>, page: MadePage): Response | Promise<Response> =>
    c.html(
      layout(page, {
        assets,
        site,
        person: c.var.person,
        readOnly: people.trouble(),
        journal: lastJournalId(reader.db),
      }),
    );
  const show = async (
    c: Context<WebEnv>,
    make: (view: View) => Page | null | Promise<Page | null>,
  ): Promise<Response> => {
    const view = viewOf(c);
    const key = [view.person?.name, view.readOnly, view.url.pathname, view.url.search].join(' ');
    const page = await cache.make(key, reader.version(), clock.monotonic(), async () => {
      const made = await make(view);
      return made === null ? null : makePage(made);
    });
    if (page === null) return c.notFound();
    const marks = c.req.header('mqi-parts');
    return marks === undefined ? whole(c, page) : c.json(newsOf(page, parseMarks(marks)));
  };

  app.use(guard(deps, refusals));
  app.use(async (c, next) => {
    c.set('person', people.personOf(getCookie(c, cookie) ?? '', clock.now()));
    if (!site.isPublic || c.var.person !== null || OPEN.test(c.req.path)) return next();
    if (c.req.method === 'GET' && c.req.header('mqi-parts') === undefined && c.req.path !== '/events') {
      return c.redirect('/login', 303);
    }
    return refusals.refuse(c, 403, 'log in to read');
  });

  app.get('/assets/:version/:name', (c) => {
    const asset = assets.find(c.req.param('name'));
    if (asset === null) return c.notFound();
    const isThis = c.req.param('version') === assets.version;
    c.header('Cache-Control', isThis ? 'public, max-age=31536000, immutable' : 'no-store');
    return c.body(asset.body, 200, { 'Content-Type': asset.type });
  });

  app.get('/events', (c) => {
    const last = c.req.header('last-event-id') ?? c.req.query('after') ?? '';
    const body = stream.open(/^\d{1,15}$/.test(last) ? Number(last) : null);
    if (body === null) return refusals.refuse(c, 503, 'too many pages are open');
    return c.body(body, 200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
  });

  const hostsPage = createHostsPage();
  app.get('/', (c) => show(c, nowPage));
  app.get('/cases', (c) => show(c, casesPage));
  app.get('/cases/:id', (c) => show(c, (view) => casePage(view, c.req.param('id'))));
  app.get('/hosts', (c) => show(c, hostsPage));
  app.get('/machines', (c) => show(c, machinesPage));
  app.get('/orders', (c) => show(c, ordersPage));
  app.get('/notifications', (c) => show(c, notificationsPage));
  app.get('/intake', (c) => show(c, intakePage));
  app.get('/login', (c) => show(c, loginPage));
  app.route('/', operationsRoutes(deps, disks));
  mountDownloads(app, { deps, refusals, disks, files });
  mountActions(app, { deps, refusals, cookie, answer: async (c, page) => whole(c, await makePage(page)) });

  app.notFound((c) => refusals.refuse(c, 404, 'there is nothing here'));
  app.onError((error, c) => {
    const fields = { web: 'failed', path: c.req.path, stack: error.stack };
    deps.log.warn(fields, `web: ${c.req.method} ${c.req.path} failed: ${error.message}`);
    return c.text('the page cannot be made; the log of the daemon says why\n', 500);
  });
  return app;
}

/** All parts in their order, with the text of those that are not as the browser has them. */
function newsOf(page: MadePage, marks: ReadonlyMap<string, string>): object {
  return {
    title: page.title,
    parts: page.parts.map(({ id, area, mark, html }) => ({
      id,
      area,
      mark,
      html: marks.get(id) === mark ? null : html,
    })),
  };
}
