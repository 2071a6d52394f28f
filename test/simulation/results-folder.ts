/** Where results are collected: on the daemon's own machine, so it outlives every daemon. */
export class ResultsFolder {
  full = false;
  readonly #tokens = new Map<string, string>();

  has(target: string, token: string): boolean {
    return this.#tokens.get(target) === token;
  }

  keep(target: string, token: string): void {
    this.#tokens.set(target, token);
  }
}
