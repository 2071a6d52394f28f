import { CANDIDATE_STATES, countCandidates, listCandidates } from '../../../store/queries.ts';
import { explainCandidate } from '../../why.ts';
import { ago, html, plural, said } from '../html.ts';
import { orderForm } from '../order-button.ts';
import type { Page, View } from '../page.ts';

const SHOWN = 200;

/** Folders that are no case: what is with each, and the order that lets a history in. */
export function intakePage(view: View): Page {
  const { db, site, nowMs } = view;
  const counts = countCandidates(db);
  const states = CANDIDATE_STATES.filter((state) => state !== 'admitted' && state !== 'done');
  const rows = listCandidates(db, states);
  const history = counts.get('history') ?? 0;
  return {
    title: 'Folders',
    nav: null,
    caseId: null,
    head: html`<h1>Folders that are no case</h1>`,
    parts: [
      {
        id: 'folders',
        body: html`${
          history === 0
            ? ''
            : html`<p class="warn">
                  ${plural(history, 'folder')} lay there at the first start, and none is admitted by itself.
                </p>
                ${orderForm(view, 'admit', `Admit all ${history}`, [['kind', 'admit']], 'each becomes a case and is run')}
                ${orderForm(
                  view,
                  'done',
                  `All ${history} are done`,
                  [
                    ['kind', 'admit'],
                    ['as', 'done'],
                  ],
                  'none of them is ever run',
                )}`
        }
        ${
          rows.length === 0
            ? html`<p class="calm">There is none.</p>`
            : html`<ul class="plain">
                ${rows.slice(0, SHOWN).map(
                  (row) =>
                    html`<li>
                      ${said(explainCandidate(row, site.why, { running: true }, nowMs).sentence)}
                      <small>first seen ${ago(row.firstSeenAt)}</small>
                    </li>`,
                )}
              </ul>`
        }
        ${rows.length > SHOWN ? html`<p class="more">and ${rows.length - SHOWN} more: <code>mqi intake list</code></p>` : ''}`,
      },
    ],
  };
}
