import { html, raw } from 'hono/html';

import { formatDuration } from '../../domain/duration.ts';
import { printable } from '../printable.ts';

export { html, raw };

/** Text that is HTML already; whatever else is put into an `html` template is escaped. */
export type Html = ReturnType<typeof html>;

/** What may stand in a template: text is escaped, nothing at all is left out. */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

/** Text that a user, a host or a job chose. */
export const said = (text: string | null | undefined): string => printable(text ?? '');

/** A moment. Without script it is read as it is, with script as the browser's own time. */
export function moment(atMs: number): Html {
  return html`<time datetime="${new Date(atMs).toISOString()}">${localTime(atMs)}</time>`;
}

/** How long ago a moment was; counts on with script. The text itself does not age, so that a part stays the same. */
export function ago(atMs: number): Html {
  return html`<time class="ago" datetime="${new Date(atMs).toISOString()}">${localTime(atMs)}</time>`;
}

/** How long something has been so; counts on with script. */
export function lasting(sinceMs: number): Html {
  const text = `since ${localTime(sinceMs)}`;
  return html`<time class="lasting" datetime="${new Date(sinceMs).toISOString()}">${text}</time>`;
}

export const duration = (ms: number): string => formatDuration(Math.max(0, ms));

/** Of the daemon's machine, seconds. */
function localTime(atMs: number): string {
  // Swedish writes dates as ISO 8601 does
  return new Date(atMs).toLocaleString('sv-SE');
}

export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? noun : many}`;
}

/** `HOST/SLOT`, `HOST`, or nothing yet. */
export function place(host: string | null, slot: string | null): string {
  if (host === null) return '';
  return slot === null ? host : `${host}/${slot}`;
}
