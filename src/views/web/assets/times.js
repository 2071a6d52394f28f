// Times as the browser's user writes them, and ages that count on.

/** The server's clock less ours: ages are told by the clock that wrote them. */
let offset = 0;
// Swedish writes dates as ISO 8601 does: no reader takes the month for the day
const dateTime = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' });
const clockTime = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'medium' });

/** @param {number} ms */
export function setOffset(ms) {
  offset = ms;
}

/** @param {number} atMs */
export function clock(atMs) {
  return clockTime.format(atMs);
}

/**
 * Two largest units: `5m 02s`.
 * @param {number} ms
 */
export function lasted(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  /** @param {number} value */
  const two = (value) => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h ${two(minutes % 60)}m` : `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

/** @param {string} kind @param {number} at @param {number} now */
function textOf(kind, at, now) {
  if (kind === 'ago') return `${lasted(now - at)} ago`;
  if (kind === 'lasting') return `for ${lasted(now - at)}`;
  return new Date(at).toDateString() === new Date(now).toDateString() ? clockTime.format(at) : dateTime.format(at);
}

/** @param {ParentNode} within */
export function paintTimes(within) {
  const now = Date.now() + offset;
  for (const time of within.querySelectorAll('time')) {
    const at = Date.parse(time.dateTime);
    const absolute = dateTime.format(at);
    const text = textOf(time.className, at, now);
    if (time.textContent !== text) time.textContent = text;
    if (time.title !== absolute) time.title = absolute;
  }
}
