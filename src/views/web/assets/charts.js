// A chart that is larger than its frame shows first where it is lit.

/** @param {ParentNode} within */
export function showLit(within) {
  for (const frame of within.querySelectorAll('.picture.scroll')) {
    const lit = frame.querySelector('.lit');
    if (lit === null) continue;
    const [inner, outer] = [lit.getBoundingClientRect(), frame.getBoundingClientRect()];
    frame.scrollTop += inner.top - outer.top - (outer.height - inner.height) / 2;
    frame.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
  }
}
