import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, setCookie } from 'hono/cookie';

import { idsMatching, readOrder } from '../../store/queries.ts';
import { recordOrder } from '../../store/orders.ts';
import { createBudget, createBudgets } from './budget.ts';
import type { WebDeps } from './deps.ts';
import { addressOf, isSameOrigin } from './guard.ts';
import type { Refusals, WebEnv } from './guard.ts';
import { readOrderForm } from './order-form.ts';
import { BULK_ORDERS, MOST_AT_ONCE, reviewPage } from './pages/review.ts';
import type { Page } from './page.ts';
import { SESSION_MS } from './people.ts';
import { filterOf } from './query.ts';

/** A form of 500 chosen cases has less than a fifth of it. */
const LARGEST_BODY_BYTES = 65_536;
/** Tokens that may be tried from one address, and by all together. */
const TRIES = { burst: 5, perSecond: 0.1 } as const;
const TRIES_OF_ALL = { burst: 50, perSecond: 1 } as const;
/** Forms a second, over everybody. */
const FORMS = { burst: 60, perSecond: 5 } as const;

/** How long a form waits for what becomes of its order; the order itself waits as long as it has to. */
const PATIENCE_MS = 1_500;
const POLL_MS = 50;

interface Acting {
  readonly deps: WebDeps;
  readonly refusals: Refusals;
  readonly cookie: string;
  /** A page that is an answer to a form. */
  readonly answer: (c: Context<WebEnv>, page: Page) => Promise<Response>;
}

/** All that a browser can do beside looking: log in and out, and give orders, which are rows like those of the CLI. */
export function mountActions(app: Hono<WebEnv>, { deps, refusals, cookie, answer }: Acting): void {
  const { reader, orders, people, clock, log } = deps;
  const triesOf = createBudgets(TRIES.burst, TRIES.perSecond);
  const triesOfAll = createBudget(TRIES_OF_ALL.burst, TRIES_OF_ALL.perSecond);
  const forms = createBudget(FORMS.burst, FORMS.perSecond);

  app.use('*', async (c, next) => {
    if (c.req.method === 'GET') return next();
    if (!isSameOrigin(c)) return refusals.refuse(c, 403, 'the form does not come from a page of ours');
    if (!forms.take(clock.monotonic())) {
      c.header('Retry-After', '5');
      return refusals.refuse(c, 429, 'too many forms at once');
    }
    if (!(c.req.header('content-type') ?? '').startsWith('application/x-www-form-urlencoded')) {
      return refusals.refuse(c, 415, 'a form is sent as application/x-www-form-urlencoded');
    }
    return next();
  });
  app.use(
    '*',
    bodyLimit({ maxSize: LARGEST_BODY_BYTES, onError: (c) => refusals.refuse(c, 413, 'the form is too large') }),
  );

  const formOf = async (c: Context): Promise<URLSearchParams> => new URLSearchParams(await c.req.text());

  app.post('/login', async (c) => {
    const trouble = people.trouble();
    if (trouble !== null) return refusals.refuse(c, 403, trouble);
    const now = clock.monotonic();
    const mine = triesOf(addressOf(c));
    if (mine.waitMs(now) > 0 || triesOfAll.waitMs(now) > 0) {
      c.header('Retry-After', '10');
      return refusals.refuse(c, 429, 'too many wrong tokens: try again in ten seconds');
    }
    const form = await formOf(c);
    const person = people.holderOf((form.get('token') ?? '').trim());
    if (person === null) {
      mine.take(now);
      triesOfAll.take(now);
      refusals.refuse(c, 403, 'a wrong token');
      return c.redirect('/login?wrong=1', 303);
    }
    const isSecure = c.req.header('x-forwarded-proto') === 'https';
    setCookie(c, cookie, people.sessionOf(person, clock.now()), {
      path: '/',
      httpOnly: true,
      sameSite: 'Strict',
      secure: isSecure,
      maxAge: SESSION_MS / 1_000,
    });
    log.info({ web: 'login', by: person.name }, `web: ${person.name} logged in from ${addressOf(c)}`);
    return c.redirect('/', 303);
  });

  app.post('/logout', (c) => {
    deleteCookie(c, cookie, { path: '/' });
    return c.redirect('/', 303);
  });

  app.post('/orders/review', async (c) => {
    const form = await formOf(c);
    const kind = BULK_ORDERS.find((word) => word === form.get('kind'));
    if (kind === undefined) return refusals.refuse(c, 400, 'there is no such order for several cases');
    const address = form.get('filter') ?? '';
    if (!URL.canParse(address, 'http://page')) return refusals.refuse(c, 400, 'the filter is no address of a list');
    const filter = filterOf(new URL(address, 'http://page').searchParams);
    const ids =
      form.get('scope') === 'all'
        ? idsMatching(reader.db, filter, MOST_AT_ONCE)
        : form.getAll('case').slice(0, MOST_AT_ONCE);
    return answer(c, reviewPage(reader.db, kind, ids));
  });

  app.post('/orders', async (c) => {
    const person = c.var.person;
    if (person === null) return refusals.refuse(c, 403, people.trouble() ?? 'log in to give orders');
    const asked = readOrderForm(reader.db, await formOf(c));
    if (asked.kind === 'wrong') return refusals.refuse(c, 400, asked.reason);
    const ids = asked.orders.map((order) => recordOrder(orders, order, person.name, asked.why, clock.now()));
    const [only, second] = asked.orders;
    log.info(
      { web: 'ordered', by: person.name, orders: ids.length, order: only?.kind },
      `web: ${person.name} orders ${only?.kind}, ${ids.length} in all: ${asked.why}`,
    );
    await handled(ids.at(-1)!);
    if (second !== undefined) return c.redirect(`/orders?from=${ids[0]}`, 303);
    return c.redirect(only !== undefined && 'caseId' in only ? `/cases/${only.caseId}` : `/orders?from=${ids[0]}`, 303);
  });

  /** So that the next page shows the outcome already, where the daemon is quick. */
  async function handled(id: number): Promise<void> {
    const deadline = clock.monotonic() + PATIENCE_MS;
    while (clock.monotonic() < deadline && readOrder(reader.db, id)?.handledAt === null) await clock.sleep(POLL_MS);
  }
}
