/** What happened in one world, in words: printed when a promise was broken. */
export class History {
  readonly #lines: { readonly atMs: number; readonly text: string }[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  note(text: string): void {
    this.#lines.push({ atMs: this.#nowMs(), text });
  }

  /** The last `most` lines, with their virtual times. */
  tail(most = Number.POSITIVE_INFINITY): string[] {
    const from = Math.max(0, this.#lines.length - most);
    const lines = this.#lines.slice(from).map(({ atMs, text }) => `${(atMs / 1000).toFixed(3).padStart(9)}  ${text}`);
    return from === 0 ? lines : [`          … ${from} earlier lines: --full prints them`, ...lines];
  }
}
