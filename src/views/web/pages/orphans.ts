import type { Orphan } from '../../../store/queries.ts';
import { html, place, plural, said } from '../html.ts';
import type { Html } from '../html.ts';
import { orderForm } from '../order-button.ts';
import type { View } from '../page.ts';

/** Jobs that no live case owns, and what can be done about each. */
export function orphansPart(view: View, orphans: readonly Orphan[]): Html {
  return html`<h2>Orphans</h2>
    ${
      orphans.length === 0
        ? html`<p class="calm">None: every job that was found belongs to a case.</p>`
        : html`<p>${plural(orphans.length, 'job')} found that no live case owns.</p>
            <ul class="plain">
              ${orphans.map(
                (orphan) =>
                  html`<li>
                    <code>${said(orphan.token)}</code> on ${place(orphan.host, orphan.slot)}: ${said(orphan.orphan)}
                    ${orphan.caseId === null ? '' : html`, of <a href="/cases/${orphan.caseId}#actions">${said(orphan.caseName ?? orphan.caseId)}</a>, which can adopt it`}
                    ${
                      orphan.proof === null
                        ? orderForm(
                            view,
                            `kill-${orphan.token}`,
                            'End it',
                            [
                              ['kind', 'kill_orphan'],
                              ['token', orphan.token],
                            ],
                            'its processes are ended, and proven gone',
                          )
                        : ''
                    }
                  </li>`,
              )}
            </ul>`
    }`;
}
