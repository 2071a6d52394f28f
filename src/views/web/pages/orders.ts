import { listRecentOrders } from '../../../store/queries.ts';
import type { NamedOrder } from '../../../store/queries.ts';
import { orderProgress } from '../../order-progress.ts';
import { badge } from '../badge.ts';
import { ago, html, said } from '../html.ts';
import type { Html } from '../html.ts';
import type { Page, View } from '../page.ts';

/** The largest bulk order, and a few from before. */
const MOST = 520;
const SHOWN = 50;

/** The last orders; after a bulk order all of its own (`?from=FIRST`). */
export function ordersPage({ db, url }: View): Page {
  const from = Number(url.searchParams.get('from') ?? Number.NaN);
  const recent = listRecentOrders(db, Number.isSafeInteger(from) ? MOST : SHOWN);
  const orders = Number.isSafeInteger(from) ? recent.filter((order) => order.id >= from) : recent;
  return {
    title: 'Orders',
    nav: null,
    caseId: null,
    head: html`<h1>Orders</h1>`,
    parts: [
      {
        id: 'orders',
        body:
          orders.length === 0
            ? html`<p class="calm">Nobody has ordered anything yet.</p>`
            : html`${summary(orders)} ${ordersTable(orders)}`,
      },
    ],
  };
}

function summary(orders: readonly NamedOrder[]): Html {
  const count = (outcome: NamedOrder['outcome']): number => orders.filter((order) => order.outcome === outcome).length;
  return html`<p>
    ${count('done')} done, ${count('refused')} refused, ${count('cancelled')} cancelled, ${count(null)} waiting for the
    daemon
  </p>`;
}

export function ordersTable(orders: readonly NamedOrder[]): Html {
  return html`<div class="scroll">
    <table class="cards">
      <caption class="sr">
        Orders, newest first
      </caption>
      <thead>
        <tr>
          <th scope="col" class="right">#</th>
          <th scope="col">Order</th>
          <th scope="col">Of</th>
          <th scope="col">By</th>
          <th scope="col">Why</th>
          <th scope="col">Given</th>
          <th scope="col">Outcome</th>
        </tr>
      </thead>
      <tbody>
        ${orders.map(
          (order) =>
            html`<tr id="order-${order.id}">
              <td class="right num">${order.id}</td>
              <th scope="row">${order.kind}${argumentsOf(order)}</th>
              <td class="words">${subjectOf(order)}</td>
              <td class="words">${said(order.by)}</td>
              <td class="words">${said(order.why)}</td>
              <td>${ago(order.createdAt)}</td>
              <td class="words">${outcomeOf(order)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function argumentsOf({ arguments: given }: NamedOrder): string {
  const { priority, limitMs } = given;
  if (typeof priority === 'number') return ` ${priority}`;
  return typeof limitMs === 'number' ? ` ${Math.round(limitMs / 60_000)} min` : '';
}

function subjectOf({ caseId, caseName, arguments: given }: NamedOrder): Html | string {
  if (caseId !== null) return html`<a href="/cases/${caseId}">${said(caseName ?? caseId)}</a>`;
  const { host, slot, path, token } = given;
  return said([host, slot, path, token].filter((name) => typeof name === 'string').join('/')) || 'all';
}

function outcomeOf(order: NamedOrder): Html {
  switch (order.outcome) {
    case null: {
      const progress = orderProgress(order);
      return progress === null
        ? badge('warn', '◔', 'waits for the daemon')
        : html`${badge('warn', '◔', 'is carried out')} ${said(progress)}`;
    }
    case 'done':
      return html`${badge('good', '✓', 'done')} ${said(order.message)}`;
    case 'cancelled':
      return html`${badge('warn', '✕', 'cancelled')} ${said(order.message)}`;
    case 'refused':
      return html`${badge('bad', '✕', 'refused')} ${said(order.message)}`;
  }
}
