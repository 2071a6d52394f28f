/** How one attempt on a host may be odd, while everything else there is well. */
export type Oddity =
  /** Its directory cannot be looked into (an NFS server that hiccups, somebody's chmod). */
  | 'hidden'
  /** The receipt is there, and cannot be read. */
  | 'garbled claim'
  | 'garbled end'
  /** Nobody can link its claim, its job neither. */
  | 'unclaimable'
  /** Something in its directory, or in what was staged for it, cannot be removed. */
  | 'stuck'
  /** It left more files than can be collected. */
  | 'too many files';

/** What is odd at this moment: attempts by their tokens. */
export class Oddities {
  readonly #tokens = new Map<Oddity, Set<string>>();

  is(oddity: Oddity, token: string): boolean {
    return this.#tokens.get(oddity)?.has(token) === true;
  }

  begin(oddity: Oddity, token: string): void {
    const tokens = this.#tokens.get(oddity) ?? new Set();
    this.#tokens.set(oddity, tokens.add(token));
  }

  end(oddity: Oddity, token: string): void {
    this.#tokens.get(oddity)?.delete(token);
  }

  clear(): void {
    this.#tokens.clear();
  }

  /** Those that are odd in a way that holds their case up. */
  tokens(): readonly string[] {
    return [...this.#tokens].flatMap(([oddity, tokens]) => (oddity === 'stuck' ? [] : [...tokens]));
  }
}
