import { listIncidents } from '../../../store/queries.ts';
import type { DeliveryRow, ToldIncident } from '../../../store/queries.ts';
import { deliveryShape, incidentNext, incidentSummary } from '../../incidents.ts';
import { badge } from '../badge.ts';
import { ago, html, lasting, moment, said } from '../html.ts';
import type { Html } from '../html.ts';
import type { Page, View } from '../page.ts';

/** Of those that are over. */
const SHOWN = 50;

/** What the daemon tells by itself, to whom, and whether it arrived. */
export function notificationsPage({ db, site }: View): Page {
  const incidents = listIncidents(db, SHOWN);
  const told = site.sinks.map(({ name, type }) => `${name} (${type})`).join(', ');
  return {
    title: 'Notifications',
    nav: null,
    caseId: null,
    head: html`<h1>Notifications</h1>
      <p>Told: ${told === '' ? html`nobody: the configuration has no <code>notify.sinks</code>` : said(told)}</p>`,
    parts: [
      {
        id: 'notifications',
        body:
          incidents.length === 0
            ? html`<p class="calm">Nothing happened that anybody is told of.</p>`
            : incidentsTable(incidents),
      },
    ],
  };
}

function incidentsTable(incidents: readonly ToldIncident[]): Html {
  return html`<div class="scroll">
    <table class="cards">
      <caption class="sr">
        What lasts now, then what is over, newest first
      </caption>
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Since</th>
          <th scope="col">So far</th>
          <th scope="col">Deliveries</th>
          <th scope="col">Next</th>
        </tr>
      </thead>
      <tbody>
        ${incidents.map(
          (incident) =>
            html`<tr id="${incident.id}">
              <th scope="row" class="words">${said(incidentSummary(incident))}</th>
              <td>${moment(incident.openedAt)}</td>
              <td>
                ${
                  incident.endedAt === null
                    ? html`${badge('warn', '●', 'lasts')} ${lasting(incident.openedAt)}`
                    : html`${badge('idle', '○', 'over')} ${ago(incident.endedAt)}`
                }
              </td>
              <td class="words">${incident.deliveries.map((row) => html`<div>${delivery(row)}</div>`)}</td>
              <td class="words">
                ${incident.endedAt === null ? html`<code>${said(incidentNext(incident))}</code>` : ''}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function delivery(row: DeliveryRow): Html {
  const { sink, edge, state, tries } = deliveryShape(row);
  const which = html`${said(sink)}, ${edge}:`;
  switch (state) {
    case 'delivered':
      return html`${which} ${badge('good', '✓', 'delivered')}
      ${ago(row.deliveredAt!)}${tries > 1 ? `, try ${tries}` : ''}`;
    case 'waiting':
      return tries === 0
        ? html`${which} ${badge('idle', '○', 'about to be sent')}`
        : html`${which} ${badge('warn', '◔', 'waiting')} try ${tries + 1} at ${moment(row.nextAt!)}: ${said(row.error)}`;
    case 'given_up':
      return html`${which} ${badge('bad', '✕', 'given up')} after ${tries} tries: ${said(row.error)}`;
  }
}
