import { html } from '../html.ts';
import type { Page, View } from '../page.ts';

export function loginPage({ readOnly, url }: View): Page {
  const wrong = url.searchParams.has('wrong');
  return {
    title: 'Log in',
    nav: null,
    caseId: null,
    parts: [],
    head: html`<h1>Log in</h1>
      ${
        readOnly === null
          ? html`<form class="order login" method="post" action="/login">
              ${wrong ? html`<p class="bad" role="alert">That token is not one of ours.</p>` : ''}
              <label
                >Token
                <input name="token" type="password" required autocomplete="current-password" maxlength="400" autofocus
              /></label>
              <button class="primary">Log in</button>
              <p class="calm">With a token you may give orders; they are recorded under your name.</p>
            </form>`
          : html`<p class="reason">${readOnly}</p>`
      }`,
  };
}
