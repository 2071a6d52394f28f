import type { Assets } from './assets.ts';
import type { WebSite } from './deps.ts';
import { html, raw, said } from './html.ts';
import type { Html } from './html.ts';
import type { MadePage, NavItem } from './page.ts';
import type { Person } from './people.ts';

const NAV: readonly (readonly [NavItem, string, string])[] = [
  ['now', '/', 'Now'],
  ['cases', '/cases', 'Cases'],
  ['hosts', '/hosts', 'Hosts and slots'],
  ['machines', '/machines', 'Machines'],
];

interface Shell {
  readonly assets: Assets;
  readonly site: WebSite;
  readonly person: Person | null;
  readonly readOnly: string | null;
  /** The last row of the journal that the page knows of. */
  readonly journal: number;
}

/** The whole document around the parts of a page. */
export function layout(page: MadePage, shell: Shell): Html {
  const { assets, site, journal } = shell;
  return html`<!doctype html>
    <html
      lang="en"
      data-journal="${journal}"
      data-case="${page.caseId ?? ''}"
      data-live="${page.parts.length > 0 ? 'yes' : 'no'}"
    >
      <head>
        <meta charset="utf-8" />
        <title>${page.title} · mqi</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="${assets.url('icon.svg')}" type="image/svg+xml" />
        <link rel="stylesheet" href="${assets.url('style.css')}" />
        <script src="${assets.url('stream.js')}" defer></script>
        <script src="${assets.url('app.js')}" type="module"></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <a class="brand" href="/" aria-label="mqi-communicator: now">
            <img src="${assets.url('icon.svg')}" alt="" width="24" height="24" /><span>mqi</span>
          </a>
          <nav aria-label="Pages">
            <ul>
              ${NAV.map(
                ([id, href, text]) =>
                  html`<li><a href="${href}" ${page.nav === id ? raw('aria-current="page"') : ''}>${text}</a></li>`,
              )}
            </ul>
          </nav>
          ${who(shell)}
        </header>
        <div id="connection" role="status" aria-live="polite"></div>
        <main id="main" tabindex="-1">
          ${raw(page.head)}
          <div class="parts">
            ${page.parts.map(
              (part) =>
                html`<section id="${part.id}" class="part ${part.area}" data-mark="${part.mark}">
                  ${raw(part.html)}
                </section>`,
            )}
          </div>
        </main>
        <footer>
          <span id="live" class="live">without script: reload to see news</span>
          <span
            ><a href="/orders">Orders</a> · <a href="/notifications">Notifications</a> ·
            <a href="/intake">Folders that are no case</a></span
          >
          <span>mqi ${site.release} · ${said(site.holder.host)} · process ${site.holder.pid}</span>
        </footer>
      </body>
    </html>`;
}

function who({ person, readOnly, site }: Shell): Html {
  if (person !== null) {
    return html`<form class="who" method="post" action="/logout">
      <span title="orders are recorded under this name">${said(person.name)}</span>
      <button class="quiet">Log out</button>
    </form>`;
  }
  if (readOnly !== null && !site.isPublic) return html`<span class="who" title="${readOnly}">read-only</span>`;
  return html`<a class="who" href="/login">Log in</a>`;
}
