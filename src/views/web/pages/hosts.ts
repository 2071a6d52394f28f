import {
  isBeingChecked,
  journalBegan,
  listHosts,
  listLiveCases,
  listOrphans,
  listSlots,
  spellsSince,
  stepsSince,
  whereSent,
} from '../../../store/queries.ts';
import type { HostRow, ReadDb, SlotWithCase } from '../../../store/queries.ts';
import { ago, duration, html, moment, said } from '../html.ts';
import type { Html } from '../html.ts';
import { orderForm } from '../order-button.ts';
import type { Page, View } from '../page.ts';
import { IDLE_REASONS, slotDays, totals } from '../slot-day.ts';
import type { Segment, SlotDay } from '../slot-day.ts';
import { hostBadge, slotBadge } from '../slot-words.ts';
import { orphansPart } from './orphans.ts';

const DAY_MS = 24 * 3_600_000;
/** The day of a slot is drawn from the whole journal of that day: not at each commit. */
const FRESH_MS = 15_000;
/** Slots with a bar of their own; a host with a thousand equal ones has as many in words. */
const MOST_BARS = 100;
/** The bar is this wide; a unit is a minute. */
const WIDTH = 1_440;
const HEIGHT = 18;

const WORDS: Readonly<Record<Segment['what'], string>> = {
  busy: 'held by a case',
  quarantined: 'quarantined',
  blind: 'its host was unreachable',
  ready: 'a case lay ready and was not let start',
  travelling: 'files were on their way',
  waiting: 'cases waited to be sent',
  nothing: 'there was nothing to do',
  unknown: 'nobody knows: the journal begins later',
};

export function createHostsPage(): (view: View) => Page {
  let days: { readonly atMs: number; readonly days: readonly SlotDay[] } | null = null;
  return (view) => {
    const { db, nowMs } = view;
    const slots = listSlots(db);
    // a wall clock that was set back must not keep an old picture
    if (days === null || Math.abs(nowMs - days.atMs) >= FRESH_MS || days.days.length !== slots.length) {
      days = { atMs: nowMs, days: daysOf(db, slots, nowMs) };
    }
    const drawn = days;
    const hosts = listHosts(db);
    const orphans = listOrphans(db);
    return {
      title: 'Hosts and slots',
      nav: 'hosts',
      caseId: null,
      head: html`<h1>Hosts and slots</h1>`,
      parts: [
        ...hosts.map((host, index) => ({
          id: `host-${encodeURIComponent(host.name)}`,
          body: hostPart(
            view,
            host,
            slots.filter((slot) => slot.host === host.name),
            drawn.days,
            index === 0,
          ),
        })),
        ...(hosts.length === 0 ? [{ id: 'none', body: html`<p class="calm">No host was checked yet.</p>` }] : []),
        { id: 'orphans', body: orphansPart(view, orphans) },
      ],
    };
  };
}

function daysOf(db: ReadDb, slots: readonly SlotWithCase[], nowMs: number): readonly SlotDay[] {
  const fromMs = nowMs - DAY_MS;
  const steps = stepsSince(db, fromMs);
  return slotDays({
    fromMs,
    nowMs,
    steps,
    sent: whereSent(db, [...new Set(steps.map((step) => step.caseId))]),
    slots,
    hosts: listHosts(db),
    spells: spellsSince(db, fromMs),
    live: listLiveCases(db).map((row) => ({
      id: row.id,
      phase: row.phase,
      host: row.host,
    })),
    beganMs: journalBegan(db),
  });
}

function hostPart(
  view: View,
  host: HostRow,
  slots: readonly SlotWithCase[],
  days: readonly SlotDay[],
  isFirst: boolean,
): Html {
  const dayOf = (slot: SlotWithCase): SlotDay | undefined =>
    days.find((day) => day.host === slot.host && day.name === slot.name);
  const shown = slots.slice(0, MOST_BARS);
  return html`<h2>${said(host.name)} ${hostBadge(host)}</h2>
    <dl class="facts row">
      <div>
        <dt>Last contact</dt>
        <dd>${host.lastSeenAt === null ? 'never' : ago(host.lastSeenAt)}</dd>
      </div>
      <div>
        <dt>${isBeingChecked(host) ? 'Lost' : host.state === 'online' ? 'Online' : 'So'} since</dt>
        <dd>${moment(host.since)}</dd>
      </div>
      ${
        host.node === null
          ? ''
          : html`<div>
              <dt>Node</dt>
              <dd>${said(host.node.name)}</dd>
            </div>`
      }
      ${
        host.retryAt === null || host.state === 'online'
          ? ''
          : html`<div>
              <dt>Tried again</dt>
              <dd>${moment(host.retryAt)}</dd>
            </div>`
      }
      <div>
        <dt>Slots</dt>
        <dd>${slots.length}, ${slots.filter((slot) => slot.state === 'leased').length} leased</dd>
      </div>
    </dl>
    ${host.reason === null || (host.state === 'online' && !isBeingChecked(host)) ? '' : html`<p class="warn">${isBeingChecked(host) ? 'It was lost: ' : ''}${said(host.reason)}</p>`}
    ${host.notices.map((notice) => html`<p class="warn">${said(notice)}</p>`)}
    ${
      slots.length === 0
        ? ''
        : html`<ul class="days">
            ${shown.map((slot) => slotRow(view, slot, dayOf(slot)))}
          </ul>`
    }
    ${shown.length < slots.length ? html`<p class="more">and ${slots.length - shown.length} more slots: <code>mqi slots list</code></p>` : ''}
    ${isFirst ? legend() : ''}`;
}

function slotRow(view: View, slot: SlotWithCase, day: SlotDay | undefined): Html {
  const sums = day === undefined ? new Map<Segment['what'], number>() : totals(day);
  const known = [...sums].reduce((sum, [what, ms]) => (what === 'unknown' ? sum : sum + ms), 0);
  const share = known === 0 ? 0 : (sums.get('busy') ?? 0) / known;
  const idle = IDLE_REASONS.filter((what) => what !== 'unknown' && (sums.get(what) ?? 0) >= 1_000);
  return html`<li>
    <div class="about">
      <strong>${said(slot.name)}</strong> ${slotBadge(slot)}
      ${slot.caseId === null ? '' : html`<a href="/cases/${slot.caseId}">${said(slot.caseName)}</a>`}
      <span class="num"
        >${known === 0 ? '' : `busy ${Math.round(share * 100)} %${known < DAY_MS - 60_000 ? ` of ${duration(known)}` : ''}`}</span
      >
    </div>
    ${day === undefined ? '' : bar(day, share)}
    <p class="idle">
      ${
        idle.length === 0
          ? ''
          : html`Idle:
            ${idle.map((what, index) => `${index === 0 ? '' : '; '}${duration(sums.get(what) ?? 0)} ${WORDS[what]}`)}`
      }
    </p>
    ${slot.reason === null && slot.busy === null ? '' : html`<p class="warn">${said(slot.reason ?? slot.busy)}</p>`}
    ${slot.state === 'quarantined' || slot.busy !== null ? clearForm(view, slot) : ''}
  </li>`;
}

function bar(day: SlotDay, share: number): Html {
  const first = day.segments[0]?.fromMs ?? 0;
  const x = (atMs: number): string => (((atMs - first) / DAY_MS) * WIDTH).toFixed(1);
  return html`<svg
    class="day"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    preserveAspectRatio="none"
    role="img"
    aria-label="the last 24 hours: busy ${Math.round(share * 100)} %"
  >
    ${day.segments.map(
      ({ fromMs, toMs, what }) =>
        html`<rect
          class="${what}"
          x="${x(fromMs)}"
          y="${what === 'busy' ? 0 : 6}"
          width="${Math.max(0.8, ((toMs - fromMs) / DAY_MS) * WIDTH).toFixed(1)}"
          height="${what === 'busy' ? HEIGHT : HEIGHT - 12}"
          ><title>${WORDS[what]}, ${duration(toMs - fromMs)}</title></rect
        >`,
    )}
  </svg>`;
}

function legend(): Html {
  return html`<ul class="legend" aria-label="What the bars show: the last 24 hours, now at the right">
    ${(['busy', ...IDLE_REASONS] as const).map(
      (what) =>
        html`<li>
          <svg width="16" height="10" viewBox="0 0 16 10" aria-hidden="true">
            <rect class="${what}" width="16" height="${what === 'busy' ? 10 : 5}" y="${what === 'busy' ? 0 : 3}" />
          </svg>
          ${WORDS[what]}
        </li>`,
    )}
  </ul>`;
}

function clearForm(view: View, slot: SlotWithCase): Html {
  return orderForm(
    view,
    `clear-${slot.host}-${slot.name}`,
    'Clear it',
    [
      ['kind', 'clear_slot'],
      ['host', slot.host],
      ['slot', slot.name],
      ...(slot.state === 'quarantined' ? [] : [['busy', 'yes'] as const]),
    ],
    'it is free then, and the next case gets it at once: make sure that nothing runs on it',
  );
}
