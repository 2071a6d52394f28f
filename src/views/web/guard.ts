import { isIP } from 'node:net';

import type { Context, MiddlewareHandler } from 'hono';

import type { WebDeps } from './deps.ts';
import type { Person } from './people.ts';
import { createBudget } from './budget.ts';
import { printable } from '../printable.ts';

/** What each request knows. */
export interface WebEnv {
  readonly Variables: {
    /** Null: nobody who may give orders. */
    person: Person | null;
  };
}

/** Requests a second, over all browsers: two hundred pages that all change at once stay below. */
const REQUESTS = { burst: 2_000, perSecond: 500 } as const;

/** What programs ask for, some of them by HEAD; a short text each. */
const WATCHED = /^\/(livez|readyz|metrics)$/;

/** The larger part of a page's own address is a search. */
const LONGEST_URL = 4_096;

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  // not `no-referrer`: a form would then be sent without its origin
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // names of patients are not left on a shared machine
  'Cache-Control': 'no-store',
};

/** Before everything else: who asks under which name, how much and how often. */
export function guard(deps: WebDeps, refusals: Refusals): MiddlewareHandler<WebEnv> {
  const names = new Set(['localhost', ...deps.site.hostnames.map((name) => name.toLowerCase())]);
  const requests = createBudget(REQUESTS.burst, REQUESTS.perSecond);
  return async (c, next) => {
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    if (!isOurs(c.req.header('host'), names)) {
      return refusals.refuse(c, 421, `the page does not go by the name ${said(c.req.header('host'))} (web.hostnames)`);
    }
    // HEAD elsewhere too: a stream or a file that is not sent would have to be closed
    const methods = WATCHED.test(c.req.path) ? ['GET', 'HEAD'] : ['GET', 'POST'];
    if (!methods.includes(c.req.method)) {
      c.header('Allow', methods.join(', '));
      return refusals.refuse(c, 405, `only ${methods.join(' and ')} are understood here`);
    }
    if (c.req.url.length > LONGEST_URL) return refusals.refuse(c, 414, 'the address is too long');
    if (!requests.take(deps.clock.monotonic())) {
      c.header('Retry-After', '1');
      return refusals.refuse(c, 429, 'too many requests');
    }
    await next();
  };
}

/**
 * Orders come from our own pages: not from a form or a script of another site in the same browser. One of the two headers
 * is sent by every browser with every POST.
 */
export function isSameOrigin(c: Context): boolean {
  const [site, origin, host] = ['sec-fetch-site', 'origin', 'host'].map((name) => c.req.header(name));
  if (site === undefined && origin === undefined) return false;
  if (site !== undefined && site !== 'same-origin') return false;
  return origin === undefined || (host !== undefined && origin.replace(/^https?:\/\//, '') === host);
}

/** An address is nobody's to point elsewhere; a name is, by whoever answers for it. */
function isOurs(host: string | undefined, names: ReadonlySet<string>): boolean {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::[0-9]{1,5})?$/.exec(host ?? '');
  const name = (match?.[1] ?? match?.[2] ?? '').toLowerCase();
  return names.has(name) || isIP(name) !== 0;
}

export interface Refusals {
  /** Says no, in plain text, and logs it. */
  refuse(c: Context, status: RefusalStatus, reason: string): Response;
}

type RefusalStatus = 400 | 403 | 404 | 405 | 413 | 414 | 415 | 421 | 429 | 503;

/** Lines of the log for refusals: whoever knocks a thousand times is in it once, with the number. */
const LOGGED = { burst: 20, perSecond: 0.2 } as const;

export function createRefusals({ clock, log }: WebDeps): Refusals {
  const lines = createBudget(LOGGED.burst, LOGGED.perSecond);
  let unsaid = 0;
  return {
    refuse(c, status, reason) {
      if (lines.take(clock.monotonic())) {
        const more = unsaid === 0 ? '' : ` (and ${unsaid} refusals before that)`;
        const { method, path } = c.req;
        log.warn(
          { web: 'refused', status, method, path: said(path), from: addressOf(c) },
          `web: ${method} ${said(path)} from ${addressOf(c)} refused: ${reason}${more}`,
        );
        unsaid = 0;
      } else unsaid += 1;
      return c.text(`${reason}\n`, status);
    },
  };
}

/** Who is at the other end of the connection: a proxy, where there is one. */
export function addressOf(c: Context): string {
  const env = c.env as { readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } } } | undefined;
  return env?.incoming?.socket?.remoteAddress ?? 'unknown';
}

const said = (text: string | undefined): string => printable((text ?? '').slice(0, 200));
