// What makes a page live: it asks for the parts of itself that changed, and says so when it cannot. Without it every page
// can be read, and every form sent.
import { showLit } from './charts.js';
import { addChooseAll, countChosen } from './choose.js';
import { createRefresh } from './parts.js';
import { followTail } from './tails.js';
import { clock, lasted, paintTimes, setOffset } from './times.js';

/** It stirs every two seconds, whatever it does. */
const STUCK_MS = 20_000;

const root = document.documentElement;
root.dataset.script = 'yes';
const banner = /** @type {HTMLElement} */ (document.getElementById('connection'));
const footer = /** @type {HTMLElement} */ (document.getElementById('live'));

/**
 * What is made by script, in the whole document or in a part that was just put in.
 * @param {ParentNode} within
 */
function dress(within) {
  for (const element of within.querySelectorAll('[data-tail]')) {
    if (element instanceof HTMLElement) followTail(element);
  }
  showLit(within);
  addChooseAll(within);
  for (const form of within.querySelectorAll('form')) countChosen(form);
}

/** @param {string} className @param {string} text */
function say(className, text) {
  banner.className = className;
  banner.textContent = text;
}

/** @param {StreamMessage} message */
function hear(message) {
  if (message.offset !== undefined) setOffset(message.offset);
  switch (message.kind) {
    case 'lost':
      root.dataset.stale = 'yes';
      footer.textContent = 'not connected';
      return say('lost', `Connection lost. What you see is as of ${clock(message.lostAt ?? 0)}; it is tried again…`);
    case 'found':
      return found(message);
    case 'change':
      root.dataset.journal = String(message.last);
      if (concerns(message.cases ?? null)) refresh();
      return;
    case 'tick':
      return refresh();
    case 'beat':
      return pulse(message.daemonMs ?? 0);
  }
}

/** @param {StreamMessage} message */
function found({ lostAt = null, foundAt = 0, missed = 0, last }) {
  footer.textContent = 'live';
  if (lostAt === null) {
    if (banner.classList.contains('lost')) say('', '');
    // since the page was made, and before it listened
    if (String(last) !== root.dataset.journal || root.dataset.stale === 'yes') refresh();
    return;
  }
  const gap = `${clock(lostAt)} to ${clock(foundAt)} (${lasted(foundAt - lostAt)})`;
  const entries = missed === 1 ? '1 entry' : `${missed} entries`;
  say(
    'found',
    `Connected again. Gap: ${gap}; ${missed === 0 ? 'nothing happened meanwhile' : `${entries} caught up`}.`,
  );
  const dismiss = document.createElement('button');
  dismiss.className = 'quiet';
  dismiss.textContent = 'Dismiss';
  dismiss.addEventListener('click', () => say('', ''));
  banner.append(dismiss);
  refresh();
}

/**
 * The page is served by a thread of its own: it may answer while the daemon itself is stuck.
 * @param {number} silentMs
 */
function pulse(silentMs) {
  if (silentMs >= STUCK_MS)
    say('lost stuck', `The daemon has not stirred for ${lasted(silentMs)}: nothing moves. mqi doctor`);
  else if (banner.classList.contains('stuck')) say('', '');
}

/** @param {readonly string[] | null} cases null: many */
function concerns(cases) {
  const own = root.dataset.case ?? '';
  return own === '' || cases === null || cases.includes(own);
}

paintTimes(document);
dress(document);
setInterval(() => {
  if (document.visibilityState === 'visible') paintTimes(document);
}, 1_000);
// out of the browser's memory: nothing was heard meanwhile
globalThis.addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
const refresh = createRefresh(dress);
if (root.dataset.live === 'yes') mqiStream(hear, new URL('stream.js', import.meta.url).href);
else footer.textContent = '';
