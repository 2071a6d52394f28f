// Ends of logs, followed while they are in view.

/** How often the log of a running job is read. */
const TAIL_MS = 3_000;

/**
 * @typedef {object} Tail
 * @property {string} began what the server last said that it is the log of
 * @property {string} address what is to be shown
 * @property {string} shown what is
 * @property {boolean} isSeen
 * @property {boolean} isBusy
 * @property {boolean} isWhole nothing more comes
 */

/** @type {WeakMap<Element, Tail>} */
const tails = new WeakMap();

const inView = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const tail = tails.get(target);
    if (tail === undefined) continue;
    tail.isSeen = isIntersecting;
    void refresh(target);
  }
});

/** @param {Element} element */
async function refresh(element) {
  const tail = tails.get(element);
  const pre = element.querySelector('pre');
  const said = element.querySelector('.said');
  if (tail === undefined || pre === null || said === null) return;
  if (tail.isBusy || !tail.isSeen || document.visibilityState === 'hidden') return;
  if (tail.shown === tail.address && tail.isWhole) return;
  tail.isBusy = true;
  const { address } = tail;
  try {
    const answer = await fetch(address, { cache: 'no-store' });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    const isAtEnd = tail.shown !== address || pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 24;
    if (pre.textContent !== text) pre.textContent = text;
    if (isAtEnd) pre.scrollTop = pre.scrollHeight;
    tail.shown = address;
    tail.isWhole = answer.headers.get('Mqi-Log') === 'whole';
    said.textContent = tail.isWhole ? 'whole' : 'follows';
  } catch {
    said.textContent = 'cannot be read now';
  } finally {
    tail.isBusy = false;
    if (tail.address !== address) void refresh(element);
  }
}

/** @param {HTMLElement} element one with `data-tail`: the address of its log */
export function followTail(element) {
  const address = element.dataset.tail ?? '';
  const known = tails.get(element);
  if (known !== undefined) {
    if (known.began === address) return;
    tails.set(element, { ...known, began: address, address });
    return void refresh(element);
  }
  tails.set(element, { began: address, address, shown: '', isSeen: false, isBusy: false, isWhole: false });
  element.addEventListener('click', (event) => {
    const tail = tails.get(element);
    const link = event.target instanceof Element ? event.target.closest('[data-stream]') : null;
    if (link === null || tail === undefined) return;
    event.preventDefault();
    for (const other of element.querySelectorAll('[data-stream]')) other.removeAttribute('aria-current');
    link.setAttribute('aria-current', 'true');
    tail.address = link.getAttribute('href') ?? address;
    void refresh(element);
  });
  inView.observe(element);
}

setInterval(() => {
  for (const element of document.querySelectorAll('[data-tail]')) void refresh(element);
}, TAIL_MS);
