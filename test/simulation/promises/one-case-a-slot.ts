import type { Accuse } from '../violation.ts';
import type { Ability } from './ability.ts';
import type { Page, SlotLine } from './book.ts';

/** Promise 2: one case a slot; a slot that is leased, or free behind the barrier, has nobody else's job on it. */
export function checkOneCaseASlot(
  page: Page,
  all: readonly Ability[],
  isExcused: (ability: Ability) => boolean,
  isStale: (slot: SlotLine) => boolean,
  accuse: Accuse,
): void {
  const abilities = all.filter((ability) => !isExcused(ability));
  const running = new Map<string, Ability>();
  for (const ability of abilities) {
    if (ability.kind !== 'runs') continue;
    const other = running.get(ability.slot);
    if (other !== undefined) accuse(2, `two jobs run on ${ability.slot}: ${ability.token} and ${other.token}`);
    running.set(ability.slot, ability);
  }
  for (const slot of page.slots) {
    // before the barrier nothing is leased
    if (slot.state === 'quarantined' || (slot.state === 'free' && !page.reconciled.has(slot.host))) continue;
    // a lease out of a restored backup: its case may be over by now, and another one's job on its slot
    if (isStale(slot)) continue;
    const name = `${slot.host}/${slot.name}`;
    const foreign = abilities.find((ability) => ability.slot === name && ability.token !== slot.token);
    if (foreign !== undefined) {
      accuse(
        2,
        `${name} is ${slot.state} (${slot.token ?? 'nobody'}) while ${foreign.token} ${foreign.kind === 'runs' ? 'runs' : 'is able to run'} on it`,
      );
    }
  }
}
