import { countCases } from '../../../store/queries.ts';
import { countsShape } from '../../shapes.ts';
import { html } from '../html.ts';
import type { Page, View } from '../page.ts';

export function nowPage({ db }: View): Page {
  const { states } = countsShape(countCases(db));
  return {
    title: 'Now',
    nav: 'now',
    caseId: null,
    head: html`<h1>Now</h1>`,
    parts: [{ id: 'counts', body: html`<p>${states.running} running</p>` }],
  };
}
