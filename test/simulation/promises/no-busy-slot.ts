import type { GpusOutcome } from '../../../src/scheduler/scheduler.ts';
import type { Accuse } from '../violation.ts';
import type { Page } from './book.ts';

/** What the daemon was last told of the GPUs: a slot on whose GPU somebody else computes is not leased. */
export class BusySlots {
  /** Of each host, the indices of its GPUs that were busy. */
  readonly #busy = new Map<string, ReadonlySet<string>>();
  readonly #sights = new Map<string, number>();

  /** Counts the times that a host became unreachable: an answer from before says nothing of after. */
  sightOf(host: string): number {
    return this.#sights.get(host) ?? 0;
  }

  wentBlind(host: string): void {
    this.#sights.set(host, this.sightOf(host) + 1);
    this.#busy.delete(host);
  }

  /** A new life of the daemon knows what is committed, and no more. */
  forget(): void {
    this.#busy.clear();
  }

  probed(host: string, outcome: GpusOutcome, sight: number): void {
    if (outcome.kind !== 'gpus' || sight !== this.sightOf(host)) return;
    const busy = (outcome.gpus ?? []).filter(({ processes }) => processes.some(({ ours }) => !ours));
    this.#busy.set(host, new Set(busy.map(({ index }) => index)));
  }

  checkLeases(before: Page, after: Page, accuse: Accuse): void {
    for (const [index, slot] of after.slots.entries()) {
      if (slot.state !== 'leased') continue;
      const was = before.slots.find(({ host, name }) => host === slot.host && name === slot.name);
      if (was?.state !== 'free') continue;
      const first = after.slots.findIndex(({ host }) => host === slot.host);
      if (this.#busy.get(slot.host)?.has(String(index - first)) !== true) continue;
      accuse(2, `${slot.host}/${slot.name} is leased to ${slot.token ?? '?'} while somebody else computes on its GPU`);
    }
  }
}
