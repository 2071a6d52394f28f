import { holdingBack, listCasesById } from '../../../store/queries.ts';
import type { ListedCase, ReadDb } from '../../../store/queries.ts';
import { phaseBadge } from '../badge.ts';
import { html, plural, said } from '../html.ts';
import type { Html } from '../html.ts';
import { objectionTo } from '../offers.ts';
import type { CaseOrder } from '../offers.ts';
import type { Page } from '../page.ts';

/** What can be ordered of several cases at once: nothing for which each has to be seen. */
export const BULK_ORDERS = ['retry', 'cancel', 'pause', 'resume'] as const satisfies readonly CaseOrder[];
export type BulkOrder = (typeof BULK_ORDERS)[number];

/** Each order is a row of its own, recorded in one go. */
export const MOST_AT_ONCE = 500;

/** The question before several orders are given: how many, of which, and which of them cannot be. */
export function reviewPage(db: ReadDb, kind: BulkOrder, ids: readonly string[]): Page {
  const rows = listCasesById(db, ids);
  const checked = rows.map((row) => ({ row, objection: objectionTo(kind, row, heldBackOf(db, row)) }));
  const possible = checked.filter(({ objection }) => objection === null).map(({ row }) => row);
  const impossible = checked.flatMap(({ row, objection }) => (objection === null ? [] : [{ row, objection }]));
  return {
    title: `${kind} ${plural(possible.length, 'case')}`,
    nav: 'cases',
    caseId: null,
    head: html`<h1>${capital(kind)} ${plural(possible.length, 'case')}</h1>
      ${possible.length === 0 ? html`<p class="calm">None of them can be ordered to.</p>` : confirmation(kind, possible)}
      ${
        impossible.length === 0
          ? ''
          : html`<h2>${plural(impossible.length, 'case')} left out</h2>
              <ul class="plain">
                ${impossible.map(
                  ({ row, objection }) => html`<li><a href="/cases/${row.id}">${said(row.name)}</a>: ${objection}</li>`,
                )}
              </ul>`
      }
      <p><a href="/cases">Back to the cases</a></p>`,
    parts: [],
  };
}

function confirmation(kind: BulkOrder, rows: readonly ListedCase[]): Html {
  return html`<form class="order" method="post" action="/orders">
      <input type="hidden" name="kind" value="${kind}" />
      ${rows.map((row) => html`<input type="hidden" name="case" value="${row.id}" />`)}
      <label>Why <input name="why" required maxlength="500" autocomplete="off" /></label>
      <button class="${kind === 'cancel' ? 'danger' : 'primary'}">
        ${capital(kind)} ${plural(rows.length, 'case')}
      </button>
    </form>
    <ul class="plain">
      ${rows.map((row) => html`<li><a href="/cases/${row.id}">${said(row.name)}</a> ${phaseBadge(row.phase)}</li>`)}
    </ul>`;
}

export function heldBackOf(db: ReadDb, row: ListedCase) {
  return row.state === 'failed' || row.state === 'completed'
    ? holdingBack(db, row.id, null)
    : holdingBack(db, row.id, row.token);
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
