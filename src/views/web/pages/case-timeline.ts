import { stateOf } from '../../../domain/case.ts';
import type { AttemptRow, CaseDetail, JournalRow } from '../../../store/queries.ts';
import { journalDetail } from '../../journal-line.ts';
import { spellText } from '../../spells.ts';
import { troubleText } from '../../troubles.ts';
import { phaseBadge } from '../badge.ts';
import { ago, html, moment, place, said } from '../html.ts';
import type { Html } from '../html.ts';

/** The end of it; the whole is `mqi cases show --all`. */
const MOST_ENTRIES = 200;

/** The last of them: a flaky host has a row for each time that it was away. */
const MOST_SPELLS = 20;

/** What happened, the latest attempt first. */
export function timeline({ attempts, journal, spells, troubles }: CaseDetail): Html {
  const shown = journal.slice(-MOST_ENTRIES);
  const numbers = [...new Set(shown.map((entry) => entry.attempt))].toReversed();
  return html`<h2>Timeline</h2>
    ${troubles.map((row) => html`<p class="warn">${said(troubleText(row))}</p>`)}
    ${spells.slice(-MOST_SPELLS).map((spell) => html`<p class="calm">${moment(spell.since)} ${said(spellText(spell))}</p>`)}
    ${shown.length < journal.length ? html`<p class="calm">the last ${MOST_ENTRIES} of ${journal.length} entries</p>` : ''}
    ${numbers.map((number) => {
      const own = attempts.filter((attempt) => attempt.number === number);
      return html`<h3>Attempt ${number} ${own.map((attempt) => outcomeOf(attempt))}</h3>
        <ol class="timeline">
          ${shown.filter((entry) => entry.attempt === number).map((entry) => entryOf(entry))}
        </ol>`;
    })}`;
}

function outcomeOf(attempt: AttemptRow): Html {
  const where = place(attempt.host, attempt.slot);
  if (attempt.orphan !== null) return html`<small class="warn">orphan on ${where}: ${said(attempt.orphan)}</small>`;
  if (attempt.failure !== null)
    return html`<small>on ${where}: <span class="bad">${attempt.failure.kind}</span></small>`;
  return html`<small>on ${where}${attempt.endedAt === null ? '' : html`, over ${ago(attempt.endedAt)}`}</small>`;
}

function entryOf(entry: JournalRow): Html {
  const moved = entry.fromPhase !== entry.toPhase;
  const detail = said(journalDetail(entry));
  return html`<li class="${moved ? stateOf(entry.toPhase) : 'same'}">
    <span class="when">${moment(entry.at)}</span>
    <span>${moved ? phaseBadge(entry.toPhase) : ''} ${detail === '' && !moved ? entry.event : detail}</span>
  </li>`;
}
