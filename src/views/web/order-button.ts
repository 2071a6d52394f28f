import { html } from './html.ts';
import type { Html } from './html.ts';
import type { View } from './page.ts';

/** One order with its reason; disabled, with why, for who may not. */
export function orderForm(
  { person, readOnly }: View,
  id: string,
  label: string,
  fields: readonly (readonly [string, string])[],
  says: string,
): Html {
  if (person === null) {
    return html`<p class="off">
      <button type="button" disabled>${label}</button> <small>${readOnly ?? 'log in to give orders'}</small>
    </p>`;
  }
  return html`<details class="act" id="${id}">
    <summary class="button">${label}…</summary>
    <form class="order" method="post" action="/orders">
      ${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
      <p>${says}</p>
      <label>Why <input name="why" required maxlength="500" autocomplete="off" /></label>
      <button class="danger">${label}</button>
    </form>
  </details>`;
}
