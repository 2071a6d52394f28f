import type { AttemptRow, ListedCase } from '../../../store/queries.ts';
import { html, said } from '../html.ts';
import type { Content, Html } from '../html.ts';
import { offersFor } from '../offers.ts';
import type { CaseOrder, Offer } from '../offers.ts';
import type { View } from '../page.ts';

const LABEL: Readonly<Record<CaseOrder, string>> = {
  retry: 'Retry',
  cancel: 'Cancel',
  pause: 'Pause',
  resume: 'Resume',
  priority: 'Priority',
  limit: 'Limit',
  adopt: 'Adopt a job',
  abandon: 'Abandon',
};

/** Orders that take something away. */
const DANGEROUS: ReadonlySet<CaseOrder> = new Set(['cancel', 'abandon']);

/** Every order there is: those that cannot be given are there too, disabled, with the reason. */
export function actionsPart(view: View, row: ListedCase, held: readonly AttemptRow[]): Html {
  const nobody = view.person === null ? (view.readOnly ?? 'log in to give orders') : null;
  return html`<h2>Actions</h2>
    ${nobody === null ? '' : html`<p class="reason">${nobody}${view.readOnly === null ? html` (<a href="/login">log in</a>)` : ''}</p>`}
    <ul class="actions">
      ${offersFor(row, held).map((offer) => action(offer, row, held, nobody))}
    </ul>`;
}

function action(offer: Offer, row: ListedCase, held: readonly AttemptRow[], nobody: string | null): Html {
  const { kind, possible, says } = offer;
  if (!possible || nobody !== null) {
    return html`<li class="off">
      <button type="button" disabled aria-describedby="why-${kind}">${LABEL[kind]}</button>
      <small id="why-${kind}">${possible ? says : `not now: ${says}`}</small>
    </li>`;
  }
  return html`<li>
    <details id="action-${kind}">
      <summary class="button ${DANGEROUS.has(kind) ? 'danger' : ''}">${LABEL[kind]}…</summary>
      <form class="order" method="post" action="/orders">
        <input type="hidden" name="kind" value="${kind}" />
        <input type="hidden" name="case" value="${row.id}" />
        ${fields(kind, row, held)}
        <label>Why <input name="why" required maxlength="500" autocomplete="off" /></label>
        <button class="${DANGEROUS.has(kind) ? 'danger' : 'primary'}">${LABEL[kind]}</button>
      </form>
    </details>
    <small>${says}</small>
  </li>`;
}

function fields(kind: CaseOrder, row: ListedCase, held: readonly AttemptRow[]): Content {
  switch (kind) {
    case 'priority':
      return html`<label
        >Priority
        <input name="priority" type="number" step="1" min="-1000000" max="1000000" value="${row.priority}" required
      /></label>`;
    case 'limit':
      return html`<label>Limit <input name="limit" placeholder="48h" required maxlength="40" /></label>`;
    case 'retry':
      return html`<label>New limit <input name="limit" placeholder="as before" maxlength="40" /></label>`;
    case 'adopt':
      return html`<label
        >Which
        <select name="token">
          ${held
            .filter((attempt) => attempt.orphan !== null)
            .map(
              (attempt) =>
                html`<option value="${attempt.token}">
                  attempt ${attempt.number} on ${attempt.host}: ${said(attempt.orphan)}
                </option>`,
            )}
        </select></label
      >`;
    default:
      return '';
  }
}
