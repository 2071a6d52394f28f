import { parseToken } from '../../../src/domain/attempt.ts';
import type { Blind, Look } from '../../../src/scheduler/scheduler.ts';
import type { SimHost } from '../host/sim-host.ts';
import type { Accuse } from '../violation.ts';
import type { Witness } from '../witness.ts';
import type { Ability } from './ability.ts';
import type { Page } from './book.ts';

/**
 * `mqi slots clear`: an operator's word that nothing of an attempt runs. What it permits is no broken promise: another job
 * on its slot, another one of its case. What it does not permit is
 * - to be believed against what a look has just seen;
 * - that work begins on a host that was unreachable before it was looked at again;
 * - to be believed still, when that look has seen its job at work.
 */
export class OperatorsWord {
  /** Attempts of which nothing may be said but this; with the moment of the word. */
  readonly #given = new Map<string, number>();
  /** Attempts that the last look at them, unbroken since, saw at work; by host. */
  readonly #atWork = new Map<string, Set<string>>();

  /** An operator said so: what its job does until it is seen is not the daemon's doing. */
  excuses({ token }: Ability): boolean {
    return this.#given.has(token);
  }

  looked(host: string, outcome: Look | Blind): void {
    if (outcome.kind === 'blind') return this.wentBlind(host);
    let atWork = this.#atWork.get(host);
    if (atWork === undefined) this.#atWork.set(host, (atWork = new Set()));
    for (const { token, processes } of outcome.facts) {
      if (processes.length > 0) atWork.add(token);
      else atWork.delete(token);
    }
  }

  wentBlind(host: string): void {
    this.#atWork.delete(host);
  }

  /** A new life of the daemon has seen nothing yet; a database that was set back knows of no word. */
  forget(): void {
    this.#atWork.clear();
  }

  committed(
    before: Page,
    after: Page,
    hosts: readonly SimHost[],
    witness: Witness,
    nowMs: number,
    accuse: Accuse,
  ): void {
    const proofs = new Map(before.attempts.map(({ token, proof }) => [token, proof]));
    for (const { token, host, proof } of after.attempts) {
      if (proof !== 'operator' || proofs.get(token) === 'operator') continue;
      this.#given.set(token, nowMs);
      if (!after.offline.has(host) && this.#atWork.get(host)?.has(token) === true)
        accuse(2, `${token} was seen at work on ${host}, and an operator's word is believed against it`);
    }
    for (const name of after.reconciled)
      if (!before.reconciled.has(name))
        this.#checkReconciled(
          after,
          hosts.find((host) => host.name === name)!,
          witness,
          accuse,
        );
    this.#checkLeases(before, after, accuse);
  }

  /** The host was looked at: a job that has been there all the time was seen. */
  #checkReconciled(page: Page, host: SimHost, witness: Witness, accuse: Accuse): void {
    for (const { token, proof } of page.attempts) {
      const saidAtMs = this.#given.get(token);
      if (proof !== 'operator' || saidAtMs === undefined) continue;
      const { startedAtMs } = witness.of(token);
      // what carries its token is found, whatever can be read of its receipts
      const isVisible = host.processes
        .alive()
        .some((one) => one.token === token && one.role === 'payload' && one.marked);
      if (isVisible && startedAtMs !== null && startedAtMs < saidAtMs)
        accuse(2, `${host.name} was reconciled, and ${token}, which runs there, is gone by an operator's word still`);
    }
  }

  /** Whoever said what: no lease before the barrier is lifted. */
  #checkLeases(before: Page, after: Page, accuse: Accuse): void {
    for (const [index, { host, name, state, token }] of after.slots.entries()) {
      if (state !== 'leased' || token === before.slots[index]?.token) continue;
      const attempt = before.attempts.find((one) => one.token === token);
      // an adoption takes the slot on which its job sits already
      if (attempt?.slot != null) continue;
      if (!after.reconciled.has(host))
        accuse(2, `${host}/${name} is leased to ${token ?? '?'} before ${host} was reconciled`);
    }
  }

  /** The word is over once a sight has taken its place, and nothing that it permitted goes on. */
  expire(page: Page, abilities: readonly Ability[]): void {
    for (const token of this.#given.keys()) {
      const attempt = page.attempts.find((one) => one.token === token);
      if (attempt?.proof === 'operator') continue;
      const mine = abilities.find((ability) => ability.token === token);
      if (mine === undefined || !isBeside(page, abilities, mine)) this.#given.delete(token);
    }
  }
}

/** Does another one hold its slot, or run there, or does another of its case hold a slot, or run? */
function isBeside({ slots }: Page, abilities: readonly Ability[], { token, slot }: Ability): boolean {
  const caseId = parseToken(token)?.caseId;
  const isOfCase = (other: string): boolean => parseToken(other)?.caseId === caseId;
  return (
    slots.some(
      (one) =>
        one.state === 'leased' &&
        one.token !== token &&
        // its job may be on its way to its host still
        (`${one.host}/${one.name}` === slot || (one.token !== null && isOfCase(one.token))),
    ) || abilities.some((one) => one.token !== token && (one.slot === slot || isOfCase(one.token)))
  );
}
