// Choosing several cases of a list.

/** @param {ParentNode} form @returns {HTMLInputElement[]} */
function boxesOf(form) {
  return [...form.querySelectorAll('input')].filter((box) => box.name === 'case' && box.type === 'checkbox');
}

/** @param {ParentNode} form */
export function countChosen(form) {
  const boxes = boxesOf(form);
  const chosen = boxes.filter((box) => box.checked).length;
  const shown = form.querySelector('[data-chosen]');
  if (shown !== null) shown.textContent = chosen === 0 ? 'chosen' : `${chosen} chosen`;
  const all = form.querySelector('th.tick input');
  if (!(all instanceof HTMLInputElement)) return;
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
}

/** A box that chooses all: nothing without script. @param {ParentNode} within */
export function addChooseAll(within) {
  for (const head of within.querySelectorAll('th.tick')) {
    if (head.querySelector('input') !== null) continue;
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.setAttribute('aria-label', 'choose all of this page');
    head.append(box);
  }
}

document.addEventListener('change', (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.type !== 'checkbox') return;
  const form = box.closest('form');
  if (form === null) return;
  if (box.closest('th.tick') !== null) for (const other of boxesOf(form)) other.checked = box.checked;
  countChosen(form);
});
