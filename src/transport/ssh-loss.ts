/**
 * The end of a connection, for those who wait for something on it. Whoever is done leaves again: a promise would keep
 * every command of a connection that lives for months.
 */
export class Loss {
  #reason: string | null = null;
  readonly #listeners = new Set<(reason: string) => void>();

  /** Null while the connection lives. */
  get reason(): string | null {
    return this.#reason;
  }

  /** Calls once, at once if it has happened. Returns what leaves. */
  listen(listener: (reason: string) => void): () => void {
    if (this.#reason !== null) {
      listener(this.#reason);
      return () => {};
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first reason stays. */
  announce(reason: string): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(reason);
  }
}
