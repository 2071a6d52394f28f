import type { CaseState, Phase } from '../../domain/case.ts';
import { stateOf } from '../../domain/case.ts';
import type { HostRow, ListedCase } from '../../store/queries.ts';
import { failureNow } from '../failure.ts';
import { seenMs } from '../seen.ts';
import { duration, html, lasting, said } from './html.ts';
import type { Html } from './html.ts';

/** A sign beside each colour: colour alone tells nothing to many eyes. */
const SIGN: Readonly<Record<CaseState, string>> = {
  submitted: '○',
  submitting: '◔',
  running: '●',
  completed: '✓',
  failed: '✕',
};

export function stateBadge(state: CaseState): Html {
  return badge(state, SIGN[state], state);
}

/** The phase, in the colour of its state. */
export function phaseBadge(phase: Phase): Html {
  const state = stateOf(phase);
  return badge(state, SIGN[state], phase);
}

export type Tone = CaseState | 'good' | 'bad' | 'warn' | 'idle';

export function badge(tone: Tone, sign: string, text: string): Html {
  return html`<span class="badge ${tone}"><span aria-hidden="true">${sign}</span> ${text}</span>`;
}

/** The one thing that a person should know of a case beside its phase; empty when there is none. */
export function noteOf(row: ListedCase): Html | string {
  if (row.failure !== null) return html`<span class="bad">${failureNow(row.failure, null)?.kind}</span>`;
  if (row.setAside !== null) return html`<span class="bad">set aside: its saved state cannot be read</span>`;
  if (row.blindCause !== null) {
    const since = row.blindSince === null ? '' : html` ${lasting(row.blindSince)}`;
    return html`<span class="warn">unreachable${since}</span>`;
  }
  if (row.blocked !== null) return html`<span class="warn">blocked: ${said(row.blocked)}</span>`;
  return row.paused ? html`<span class="warn">paused</span>` : '';
}

/** How much of its limit a job was seen executing. */
export function clockOf(row: ListedCase, host: HostRow | undefined): Html {
  const seen = seenMs(row, host);
  return html`<progress
      max="${row.limitMs}"
      value="${Math.min(seen, row.limitMs)}"
      aria-label="of its limit"
    ></progress>
    <span class="num">seen ${duration(seen)} of ${duration(row.limitMs)}</span>`;
}
