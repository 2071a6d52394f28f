import { isBeingChecked } from '../../store/queries.ts';
import type { HostRow, SlotWithCase } from '../../store/queries.ts';
import { badge } from './badge.ts';
import { html, lasting, said } from './html.ts';
import type { Html } from './html.ts';

export function hostBadge(host: HostRow): Html {
  const { state, reconciledAt } = host;
  switch (state) {
    case 'online':
      if (isBeingChecked(host)) return badge('warn', '◔', 'answers again, is being checked');
      return reconciledAt === null ? badge('warn', '◔', 'online, not reconciled yet') : badge('good', '●', 'online');
    case 'connecting':
      return badge('warn', '◔', 'connecting');
    case 'offline':
      return badge('bad', '✕', 'unreachable');
  }
}

export function slotBadge({ state }: Pick<SlotWithCase, 'state'>): Html {
  switch (state) {
    case 'free':
      return badge('idle', '○', 'free');
    case 'leased':
      return badge('running', '●', 'leased');
    case 'quarantined':
      return badge('bad', '!', 'quarantined');
  }
}

/** Each slot in a cell of its own: what holds it, or why nothing may. */
export function slotCells(slots: readonly SlotWithCase[]): Html {
  return html`<ul class="cells">
    ${slots.map(
      (slot) =>
        html`<li class="${slot.state}">
          <span class="name">${said(slot.host)}/${said(slot.name)}</span>
          ${slotBadge(slot)}
          ${
            slot.caseId === null
              ? html`<small
                  >${slot.reason === null && slot.busy === null ? lasting(slot.since) : said(slot.reason ?? slot.busy)}</small
                >`
              : html`<small><a href="/cases/${slot.caseId}">${said(slot.caseName)}</a> ${slot.phase ?? ''}</small>`
          }
        </li>`,
    )}
  </ul>`;
}
