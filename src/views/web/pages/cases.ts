import { CASE_STATES } from '../../../domain/case.ts';
import { FAILURE_KINDS } from '../../../domain/failure.ts';
import { countMatching, formatCursor, listCases, listHosts } from '../../../store/queries.ts';
import type { CaseFilter, CasePage, HostRow, ListedCase } from '../../../store/queries.ts';
import { seenMs } from '../../seen.ts';
import { noteOf, phaseBadge, stateBadge } from '../badge.ts';
import { ago, duration, html, moment, place, plural, said } from '../html.ts';
import type { Html } from '../html.ts';
import type { Page, View } from '../page.ts';
import { casesAddress, cursorOf, filterOf } from '../query.ts';
import { BULK_ORDERS, MOST_AT_ONCE } from './review.ts';

const PER_PAGE = 50;

export function casesPage(view: View): Page {
  const { db, url } = view;
  const filter = filterOf(url.searchParams);
  const after = cursorOf(url.searchParams);
  const page = listCases(db, filter, after, PER_PAGE);
  const total = countMatching(db, filter);
  return {
    title: 'Cases',
    nav: 'cases',
    caseId: null,
    head: html`<h1>Cases</h1>
      ${filterForm(view, filter)}`,
    parts: [{ id: 'list', body: list(view, page, total, filter, after !== null) }],
  };
}

function filterForm({ db }: View, filter: CaseFilter): Html {
  const hosts = listHosts(db);
  const option = (value: string, text: string, chosen: string | undefined): Html =>
    value === chosen
      ? html`<option value="${value}" selected>${text}</option>`
      : html`<option value="${value}">${text}</option>`;
  return html`<form class="filter" method="get" action="/cases" role="search" aria-label="Cases">
    <label>Name contains <input type="search" name="q" value="${said(filter.search)}" maxlength="200" /></label>
    <label
      >State
      <select name="state">
        ${option('', 'any', filter.state ?? '')} ${CASE_STATES.map((state) => option(state, state, filter.state))}
      </select></label
    >
    <label
      >Failure
      <select name="failure">
        ${option('', 'any', filter.failure ?? '')} ${FAILURE_KINDS.map((kind) => option(kind, kind, filter.failure))}
      </select></label
    >
    ${
      hosts.length < 2
        ? ''
        : html`<label
            >Host
            <select name="host">
              ${option('', 'any', filter.host ?? '')} ${hosts.map(({ name }) => option(name, name, filter.host))}
            </select></label
          >`
    }
    ${filter.phase === undefined ? '' : html`<input type="hidden" name="phase" value="${filter.phase}" />`}
    <button>Filter</button>
    ${Object.keys(filter).length === 0 ? '' : html`<a href="/cases">all cases</a>`}
  </form>`;
}

function list(view: View, page: CasePage, total: number, filter: CaseFilter, isLater: boolean): Html {
  const hosts = listHosts(view.db);
  const phase = filter.phase === undefined ? '' : `, ${filter.phase}`;
  if (page.cases.length === 0) {
    return html`<p class="calm">
      ${total > 0 ? 'There are no more.' : Object.keys(filter).length > 0 ? 'No case is like that.' : 'No cases yet.'}
    </p>`;
  }
  return html`<h2 class="sr">${plural(total, 'case')}</h2>
    <form method="post" action="/orders/review">
      <input type="hidden" name="filter" value="${casesAddress(filter)}" />
      <div class="scroll">
        <table class="cards">
          <caption>
            ${plural(total, 'case')}${phase}, newest first
          </caption>
          <thead>
            <tr>
              <th scope="col" class="tick"><span class="sr">Choose</span></th>
              <th scope="col">Case</th>
              <th scope="col">State</th>
              <th scope="col">Phase</th>
              <th scope="col">Where</th>
              <th scope="col" class="right">Seen running</th>
              <th scope="col">Admitted</th>
              <th scope="col">Changed</th>
              <th scope="col">Note</th>
            </tr>
          </thead>
          <tbody>
            ${page.cases.map((row) =>
              tableRow(
                row,
                hosts.find(({ name }) => name === row.host),
              ),
            )}
          </tbody>
        </table>
      </div>
      <nav class="pager" aria-label="Pages of the list">
        ${isLater ? html`<a href="${casesAddress(filter)}">newest</a>` : ''}
        ${page.next === null ? '' : html`<a rel="next" href="${casesAddress(filter, formatCursor(page.next))}">older cases</a>`}
      </nav>
      ${bulk(view, total)}
    </form>`;
}

function tableRow(row: ListedCase, host: HostRow | undefined): Html {
  const seen = seenMs(row, host);
  return html`<tr id="row-${row.id}">
    <td class="tick"><input type="checkbox" name="case" value="${row.id}" aria-label="choose ${said(row.name)}" /></td>
    <th scope="row"><a href="/cases/${row.id}">${said(row.name)}</a></th>
    <td>${stateBadge(row.state)}</td>
    <td>${row.phase === row.state ? '' : phaseBadge(row.phase)}</td>
    <td>${place(row.host, row.slot)}</td>
    <td class="right num" data-label="seen">${seen === 0 ? '' : duration(seen)}</td>
    <td data-label="admitted">${moment(row.createdAt)}</td>
    <td data-label="changed">${ago(row.updatedAt)}</td>
    <td class="words">${noteOf(row)}</td>
  </tr>`;
}

/** Disabled with a reason, never hidden: who may not order still learns what could be. */
function bulk({ person, readOnly }: View, total: number): Html {
  const why = person !== null ? null : (readOnly ?? 'log in to give orders');
  const atOnce = Math.min(total, MOST_AT_ONCE);
  return html`<fieldset class="bulk" ${why === null ? '' : 'disabled'}>
    <legend>Order several at once</legend>
    ${why === null ? '' : html`<p class="reason">${why}</p>`}
    <label
      >Order
      <select name="kind">
        ${BULK_ORDERS.map((kind) => html`<option>${kind}</option>`)}
      </select></label
    >
    <label><input type="radio" name="scope" value="chosen" checked /> the <span data-chosen>chosen</span> ones</label>
    <label
      ><input type="radio" name="scope" value="all" /> ${
        atOnce === total ? `all ${plural(total, 'case')} of this list` : `the newest ${atOnce} of ${total} of this list`
      }</label
    >
    <button>Review the order…</button>
  </fieldset>`;
}
