// @ts-check
/**
 * The relay's own page: shows each attempt's state in the chart, and hands everything to Stately's inspector when its
 * window is opened, by the messages that `createBrowserInspector` of @statelyai/inspect exchanges with it.
 */

/** @typedef {{ type: string, sessionId: string, id: string, createdAt: string, name?: string, event?: { type: string },
 *   snapshot?: { value: unknown, status: string, context: unknown } }} Message */
/** @typedef {{ registration: Message, messages: Message[], seen: Set<string> }} Actor */

/** As many messages of an actor as the relay itself remembers. */
const MOST_MESSAGES = 200;
const RETRY_MS = { first: 500, longest: 5_000 };

const { inspector = '', mode = 'live' } = document.body.dataset;

/** @type {Map<string, Actor>} */
const actors = new Map();
/** The attempt that somebody chose; null: the newest. @type {string | null} */
let chosen = null;
/** The message that is looked at; null: the newest. @type {string | null} */
let picked = null;

/** @param {string} id @returns {HTMLElement} */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`there is no #${id}`);
  return found;
}

// --- the token: out of the address, so that it is in no bookmark and no picture of the screen

const KEY = 'mqi.inspector.token';
const fromAddress = new URLSearchParams(location.hash.slice(1)).get('token');
if (fromAddress !== null) {
  sessionStorage.setItem(KEY, fromAddress);
  history.replaceState(null, '', location.pathname);
}
const token = sessionStorage.getItem(KEY);

// --- the stream

let retryMs = RETRY_MS.first;
/** @type {WebSocket | null} */
let socket = null;

function connect() {
  socket = new WebSocket(`ws://${location.host}/`, ['mqi.inspector', `token.${token}`]);
  let wasOpen = false;
  socket.addEventListener('open', () => {
    wasOpen = true;
    retryMs = RETRY_MS.first;
    say('open', mode === 'replay' ? 'Replay of a case' : 'Live');
  });
  socket.addEventListener('message', (event) => take(JSON.parse(event.data)));
  socket.addEventListener('close', () => {
    const since = new Date().toLocaleTimeString();
    if (wasOpen) say('lost', `Not connected since ${since}: what you see is how it was then`);
    else if (actors.size === 0) say('lost', 'No connection: the command has ended, or the token is another one');
    setTimeout(connect, retryMs);
    retryMs = Math.min(retryMs * 2, RETRY_MS.longest);
  });
}

/** @param {string} state @param {string} text */
function say(state, text) {
  element('connection').dataset.state = state;
  element('connection').textContent = text;
}

/** @param {Message & { told?: number, of?: number, playing?: boolean }} message */
function take(message) {
  if (message.type === 'mqi.position') return showPosition(message);
  if (message.type === '@xstate.actor') {
    // a connection that was lost tells it again: what is known stays
    if (!actors.has(message.sessionId)) {
      actors.set(message.sessionId, { registration: message, messages: [], seen: new Set() });
    } else return;
  } else {
    const actor = actors.get(message.sessionId);
    if (actor === undefined || actor.seen.has(message.id)) return;
    actor.seen.add(message.id);
    actor.messages.push(message);
    if (actor.messages.length > MOST_MESSAGES) actor.seen.delete(/** @type {Message} */ (actor.messages.shift()).id);
  }
  hand(message);
  draw();
}

// --- Stately's inspector

/** @type {Window | null} */
let stately = null;
let isConnected = false;

element('stately').addEventListener('click', () => {
  isConnected = false;
  stately = window.open(inspector, 'xstateinspector');
  element('stately-state').textContent =
    stately === null ? 'The browser blocked its window' : 'Waiting for its window…';
});

window.addEventListener('message', (event) => {
  if (event.source !== stately || event.origin !== new URL(inspector).origin) return;
  if (event.data?.type !== '@statelyai.connected') return;
  isConnected = true;
  element('stately-state').textContent = 'Connected';
  for (const { registration, messages } of actors.values())
    for (const message of [registration, ...messages]) hand(message);
});

/** @param {Message} message */
function hand(message) {
  if (isConnected) stately?.postMessage(message, new URL(inspector).origin);
}

// --- the replay

if (mode === 'replay') element('replay').hidden = false;
for (const button of element('replay').querySelectorAll('button')) {
  button.addEventListener('click', () => {
    socket?.send(JSON.stringify({ type: 'mqi.replay', command: button.dataset.command }));
  });
}

/** @param {{ told?: number, of?: number, playing?: boolean }} position */
function showPosition({ told, of, playing }) {
  element('position').textContent = `event ${told} of ${of}${told === of ? ', the end' : playing ? '' : ', paused'}`;
  for (const button of element('replay').querySelectorAll('button')) button.disabled = told === of;
}

// --- what is seen

/** Bursts of messages (a late viewer, a fast replay) are drawn once. */
let isDrawn = true;

function draw() {
  if (!isDrawn) return;
  isDrawn = false;
  requestAnimationFrame(() => {
    isDrawn = true;
    element('none').hidden = actors.size > 0;
    const shown = chosen ?? [...actors.keys()].at(-1);
    drawActors(shown);
    const actor = shown === undefined ? undefined : actors.get(shown);
    if (actor !== undefined) drawActor(actor);
  });
}

/** @param {Actor} actor @returns {Message} */
function current({ registration, messages }) {
  return (
    messages.findLast(({ type, id }) => type === '@xstate.snapshot' && (picked === null || id === picked)) ??
    registration
  );
}

/** @param {unknown} value @returns {string} The path of an XState value that has one active state. */
function pathOf(value) {
  if (typeof value === 'string') return value;
  return Object.entries(/** @type {Record<string, unknown>} */ (value ?? {}))
    .map(([key, inner]) => `${key}.${pathOf(inner)}`)
    .join(', ');
}

/** @param {Message} message */
const timeOf = ({ createdAt }) => new Date(Number(createdAt)).toLocaleString();

/** @param {string} strong @param {string} quiet @param {boolean} isCurrent @param {() => void} act */
function item(strong, quiet, isCurrent, act) {
  const li = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  if (isCurrent) button.setAttribute('aria-current', 'true');
  const b = document.createElement('b');
  b.textContent = strong;
  const small = document.createElement('small');
  small.textContent = quiet;
  button.append(b, small);
  button.addEventListener('click', act);
  li.append(button);
  return li;
}

/** @param {string | undefined} shown */
function drawActors(shown) {
  const rows = [...actors].map(([sessionId, actor]) => {
    const last = actor.messages.findLast(({ type }) => type === '@xstate.snapshot') ?? actor.registration;
    const li = item(actor.registration.name ?? sessionId, pathOf(last.snapshot?.value), sessionId === shown, () => {
      chosen = sessionId;
      picked = null;
      draw();
    });
    li.dataset.session = sessionId;
    return li;
  });
  replaceKeepingFocus(element('actors'), rows.reverse());
}

/** @param {Actor} actor */
function drawActor(actor) {
  const now = current(actor);
  light(pathOf(now.snapshot?.value));
  element('picture-head').textContent = `${actor.registration.name}: ${pathOf(now.snapshot?.value)}`;
  element('now').hidden = picked === null;
  const rows = actor.messages
    .filter(({ type }) => type === '@xstate.snapshot')
    .map((message) =>
      item(
        message.event?.type ?? '',
        `${timeOf(message)} → ${pathOf(message.snapshot?.value)}`,
        message === now,
        () => {
          picked = message.id;
          draw();
        },
      ),
    );
  replaceKeepingFocus(element('events'), rows.reverse());
  element('detail').textContent = JSON.stringify({ event: now.event, context: now.snapshot?.context }, null, 2);
}

element('now').addEventListener('click', () => {
  picked = null;
  draw();
});

/** @param {HTMLElement} list @param {HTMLElement[]} rows The newest first: a keyboard's place is kept from the end. */
function replaceKeepingFocus(list, rows) {
  const buttons = [...list.querySelectorAll('button')];
  const fromEnd = buttons.length - buttons.findIndex((button) => button === document.activeElement);
  const hadFocus = fromEnd <= buttons.length;
  list.replaceChildren(...rows);
  if (hadFocus) [...list.querySelectorAll('button')].at(-fromEnd)?.focus();
}

/** Within the chart alone: the page stays where its reader is. @param {Element} state */
function bringToView(state) {
  const [box, frame] = [state.getBoundingClientRect(), element('chart').getBoundingClientRect()];
  element('chart').scrollBy(
    box.left + box.width / 2 - frame.left - frame.width / 2,
    box.top + box.height / 2 - frame.top - frame.height / 2,
  );
}

/** @param {string} path */
function light(path) {
  for (const state of element('chart').querySelectorAll('[data-path]')) {
    const own = state.getAttribute('data-path') ?? '';
    state.classList.toggle('lit', own === path);
    state.classList.toggle('lit-within', path.startsWith(`${own}.`));
    if (own === path) {
      if (state.getAttribute('aria-current') !== 'step') bringToView(state);
      state.setAttribute('aria-current', 'step');
    } else state.removeAttribute('aria-current');
  }
}

if (token === null) say('lost', 'No token: open the address that the command printed');
else connect();
