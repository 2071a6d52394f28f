import { CASE_STATES, PHASES } from '../../../domain/case.ts';
import { attemptsByToken, lastJournalId, latestEntries, latestFailures, listUnderWay } from '../../../store/queries.ts';
import type { AttemptRow, HostRow, ListedCase, NamedJournalRow } from '../../../store/queries.ts';
import { journalDetail } from '../../journal-line.ts';
import { progressOf, progressText } from '../../progress.ts';
import { countsShape } from '../../shapes.ts';
import { attentionOf, gatherStatus } from '../../status.ts';
import type { AttentionAbout, StatusFacts } from '../../status.ts';
import { clockOf, noteOf, phaseBadge, stateBadge } from '../badge.ts';
import { ago, html, lasting, place, plural, said } from '../html.ts';
import type { Html } from '../html.ts';
import { hostBadge, slotCells } from '../slot-words.ts';
import type { Page, View } from '../page.ts';

/** What fits a screen; the other pages have all of it. */
const MOST_UNDER_WAY = 30;
const MOST_ENTRIES = 12;
const MOST_SLOTS = 48;
const MOST_ATTENTION = 12;
const MOST_FAILURES = 8;
const FAILURES_OF_MS = 24 * 3_600_000;

export function nowPage(view: View): Page {
  const { db, site, nowMs } = view;
  const facts = gatherStatus(db, site, { running: true, holder: null }, view.nowMs);
  const failures = latestFailures(db, lastJournalId(db), nowMs - FAILURES_OF_MS, MOST_FAILURES);
  return {
    title: 'Now',
    nav: 'now',
    caseId: null,
    head: html`<h1 class="quiet">Now</h1>`,
    parts: [
      { id: 'counts', area: 'plain', body: counts(facts) },
      { id: 'attention', body: attention(attentionOf(facts), failures) },
      { id: 'running', body: underWay(view, facts) },
      { id: 'slots', area: 'half', body: slots(facts) },
      { id: 'hosts', area: 'half', body: hosts(facts) },
      { id: 'latest', body: latest(latestEntries(db, MOST_ENTRIES)) },
    ],
  };
}

function counts({ counts: rows }: StatusFacts): Html {
  const { states, phases } = countsShape(rows);
  return html`<h2 class="sr">Cases</h2>
    <ul class="counts">
      ${CASE_STATES.map((state) => {
        const inside = PHASES[state].filter((phase) => phase !== state && phases[phase] > 0);
        return html`<li class="${state} ${states[state] === 0 ? 'none' : ''}">
          <a href="/cases?state=${state}">
            <strong class="num">${states[state].toLocaleString('en-GB')}</strong> ${stateBadge(state)}
            ${inside.length === 0 ? '' : html`<small>${inside.map((phase) => `${phases[phase]} ${phase}`).join(', ')}</small>`}
          </a>
        </li>`;
      })}
    </ul>`;
}

function attention(items: readonly AttentionAbout[], failures: readonly ListedCase[]): Html {
  const shown = items.slice(0, MOST_ATTENTION);
  const rest = items.length - shown.length;
  if (items.length + failures.length === 0) {
    return html`<h2>Needs you</h2>
      <p class="calm"><span class="good" aria-hidden="true">✓</span> Nothing does.</p>`;
  }
  return html`<h2>Needs you</h2>
    <ul class="attention">
      ${shown.map(
        (item) =>
          html`<li class="warn">
            <span class="sign" aria-hidden="true">!</span>
            <div>${lead(item)} ${advice(item.next)}</div>
          </li>`,
      )}
      ${
        rest > 0
          ? html`<li>
              <span></span>
              <div>and ${rest} more: <code>mqi status</code></div>
            </li>`
          : ''
      }
      ${failures.map(
        (row) =>
          html`<li class="bad">
            <span class="sign" aria-hidden="true">✕</span>
            <div>
              <a href="/cases/${row.id}">${said(row.name)}</a> failed ${ago(row.updatedAt)}:
              <strong>${row.failure?.kind}</strong>, ${said(row.failure?.message)}
            </div>
          </li>`,
      )}
    </ul>`;
}

/** A command is there to be copied; other advice is a sentence. */
function advice(next: string): Html {
  return next.startsWith('mqi ') ? html`<code>${said(next)}</code>` : html`<br /><small>${said(next)}</small>`;
}

/** The sentence, as a link where a page can show more. */
function lead({ what, about }: AttentionAbout): Html {
  switch (about.kind) {
    case 'case':
      return html`<a href="/cases/${about.id}">${said(what)}</a>`;
    case 'host':
      return html`<a href="/hosts#host-${encodeURIComponent(about.host)}">${said(what)}</a>`;
    case 'slot':
      return html`<a href="/hosts#host-${encodeURIComponent(about.host)}">${said(what)}</a>`;
    case 'orphans':
      return html`<a href="/hosts#orphans">${said(what)}</a>`;
    case 'intake':
      return html`<a href="/intake">${said(what)}</a>`;
    case 'orders':
      return html`<a href="/orders">${said(what)}</a>`;
    case 'daemon':
    case 'trouble':
      return html`${said(what)}`;
    case 'notifications':
      return html`<a href="/notifications">${said(what)}</a>`;
  }
}

function underWay({ db }: View, facts: StatusFacts): Html {
  const rows = listUnderWay(db, MOST_UNDER_WAY);
  const attempts = attemptsByToken(
    db,
    rows.flatMap((row) => (row.token === null ? [] : [row.token])),
  );
  const hostOf = (row: ListedCase): HostRow | undefined => facts.hosts.find((host) => host.name === row.host);
  const { states } = countsShape(facts.counts);
  const rest = states.submitted + states.submitting + states.running - rows.length;
  if (rows.length === 0) {
    return html`<h2>Under way</h2>
      <p class="calm">No case is. Folders that appear in <code>${said(facts.watch)}</code> become cases.</p>`;
  }
  return html`<h2>Under way</h2>
    <div class="scroll">
      <table class="cards">
        <caption class="sr">
          Cases that are not over, the ones at work first
        </caption>
        <thead>
          <tr>
            <th scope="col">Case</th>
            <th scope="col">Phase</th>
            <th scope="col">Where</th>
            <th scope="col">Progress</th>
            <th scope="col" class="right"><span class="sr">For how long</span></th>
            <th scope="col">Note</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr id="row-${row.id}">
                <th scope="row"><a href="/cases/${row.id}">${said(row.name)}</a></th>
                <td>${phaseBadge(row.phase)}</td>
                <td>${place(row.host, row.slot)}</td>
                <td class="progress">${progress(row, attempts.get(row.token ?? ''), hostOf(row))}</td>
                <td class="right num">${lasting(row.phaseSince)}</td>
                <td class="words">${noteOf(row)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${rest > 0 ? html`<p class="more"><a href="/cases">and ${plural(rest, 'more case', 'more cases')}</a></p>` : ''}`;
}

function progress(row: ListedCase, attempt: AttemptRow | undefined, host: HostRow | undefined): Html | string {
  switch (row.phase) {
    case 'executing':
      return clockOf(row, host);
    case 'staging':
    case 'collecting': {
      if (attempt === undefined || attempt.movedBytes === 0) return '';
      const { movedBytes, totalBytes } = attempt;
      const text = progressText(progressOf(movedBytes, totalBytes, 0, 0));
      return html`${
          totalBytes === null
            ? ''
            : html`<progress
                max="${Math.max(1, totalBytes)}"
                value="${movedBytes}"
                aria-label="bytes moved"
              ></progress>`
        }<span class="num">${text}</span>`;
    }
    default:
      return '';
  }
}

function slots({ slots: rows }: StatusFacts): Html {
  return html`<h2><a href="/hosts">Slots</a></h2>
    ${rows.length === 0 ? html`<p class="calm">None yet.</p>` : slotCells(rows.slice(0, MOST_SLOTS))}
    ${rows.length > MOST_SLOTS ? html`<p class="more"><a href="/hosts">all ${rows.length} slots</a></p>` : ''}`;
}

function hosts({ hosts: rows }: StatusFacts): Html {
  return html`<h2><a href="/hosts">Hosts</a></h2>
    <ul class="hosts">
      ${rows.map(
        (host) =>
          html`<li id="now-host-${said(host.name)}">
            <strong>${said(host.name)}</strong> ${hostBadge(host)}
            <span class="seen"
              >${host.lastSeenAt === null ? 'never seen' : html`last contact ${ago(host.lastSeenAt)}`}</span
            >
            ${host.reason === null || host.state === 'online' ? '' : html`<p class="warn">${said(host.reason)}</p>`}
          </li>`,
      )}
    </ul>`;
}

function latest(entries: readonly NamedJournalRow[]): Html {
  return html`<h2>Latest</h2>
    ${
      entries.length === 0
        ? html`<p class="calm">Nothing has happened yet.</p>`
        : html`<ol class="log" reversed>
            ${entries.map(
              (entry) =>
                html`<li id="entry-${entry.id}">
                  <span class="when">${ago(entry.at)}</span>
                  <a href="/cases/${entry.caseId}">${said(entry.name)}</a>
                  <span>
                    ${entry.fromPhase === entry.toPhase ? '' : phaseBadge(entry.toPhase)}
                    ${said(journalDetail(entry)) || (entry.fromPhase === entry.toPhase ? entry.event : '')}
                  </span>
                </li>`,
            )}
          </ol>`
    }`;
}
