// The parts of a page, brought up to date one by one.
import { Idiomorph } from './idiomorph.js';
import { paintTimes } from './times.js';

/** Between two questions of one page, whatever happens. */
const PAUSE_MS = 700;
/** So that a hundred pages do not ask in the same instant. */
const SPREAD_MS = 400;
const PATIENCE_MS = 15_000;

const root = document.documentElement;
const parts = /** @type {HTMLElement} */ (document.querySelector('.parts'));

/** What a person has opened, ticked or typed stays as it is. */
const keepsOwn = new Set(['open', 'checked', 'value', 'selected']);
/** @type {import('idiomorph').Config} */
const morphing = {
  morphStyle: 'innerHTML',
  ignoreActiveValue: true,
  callbacks: {
    beforeAttributeUpdated: (name, node) => !keepsOwn.has(name) || node.tagName === 'PROGRESS',
    beforeNodeMorphed: (old, fresh) => {
      if (!(old instanceof HTMLElement) || old.dataset.tail === undefined) return true;
      if (!(fresh instanceof HTMLElement)) return true;
      old.dataset.follow = fresh.dataset.follow;
      // the log of another attempt begins anew
      return old.dataset.tail !== fresh.dataset.tail;
    },
  },
};

/** @typedef {{ id: string, area: string, mark: string, html: string | null }} FreshPart */

function marks() {
  return [...parts.children].map((part) => `${part.id}:${part.getAttribute('data-mark')}`).join(' ');
}

/**
 * Puts the parts into the page as the server has them: changed, new, gone, in its order.
 * @param {{ title: string, parts: FreshPart[] }} news
 * @param {(part: HTMLElement) => void} dress
 */
function place(news, dress) {
  document.title = `${news.title} · mqi`;
  const wanted = new Set(news.parts.map((part) => part.id));
  // a copy: what is removed moves the others up
  for (const part of Array.from(parts.children)) if (!wanted.has(part.id)) part.remove();
  for (const [index, { id, area, mark, html }] of news.parts.entries()) {
    const part = document.getElementById(id) ?? document.createElement('section');
    part.id = id;
    part.className = `part ${area}`;
    if (parts.children[index] !== part) parts.insertBefore(part, parts.children[index] ?? null);
    if (html === null) continue;
    void Idiomorph.morph(part, html, morphing);
    part.setAttribute('data-mark', mark);
    paintTimes(part);
    dress(part);
  }
}

/**
 * A page that can be brought up to date. `dress` is called with each part that was put in.
 * @param {(part: HTMLElement) => void} dress
 */
export function createRefresh(dress) {
  let asking = false;
  let asked = false;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  let askedAt = -PAUSE_MS;

  /** Soon, and once for everything that happens until then; a page that nobody sees waits until somebody does. */
  const refresh = () => {
    asked = true;
    if (asking || timer !== null || document.visibilityState === 'hidden') return;
    const wait = Math.max(0, askedAt + PAUSE_MS - performance.now()) + Math.random() * SPREAD_MS;
    timer = setTimeout(() => void ask(), wait);
  };

  const ask = async () => {
    timer = null;
    asking = true;
    asked = false;
    askedAt = performance.now();
    const patience = new AbortController();
    const impatient = setTimeout(() => patience.abort(), PATIENCE_MS);
    try {
      const answer = await fetch(location.href, {
        headers: { 'Mqi-Parts': marks(), Accept: 'application/json' },
        cache: 'no-store',
        signal: patience.signal,
      });
      if (answer.status === 403) return location.reload();
      if (!answer.ok) throw new Error(`the page answers ${answer.status}`);
      place(await answer.json(), dress);
      delete root.dataset.stale;
    } catch {
      // the stream tells whether the daemon is gone; what is shown is old until this succeeds
      root.dataset.stale = 'yes';
      asked = true;
    } finally {
      clearTimeout(impatient);
      asking = false;
      if (asked) refresh();
    }
  };

  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') return;
    paintTimes(document);
    if (asked) refresh();
  });
  return refresh;
}
