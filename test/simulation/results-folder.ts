import type { Accuse } from './violation.ts';

/** Where the daemon's configuration says that results go. */
export const RESULTS = '/results';

interface Kept {
  readonly token: string;
  /** What lies there, in words; null when the job had written nothing that was to be collected. */
  readonly content: string | null;
}

/** The disk of the daemon's own machine, as far as results are written there: it outlives every daemon. */
export class ResultsFolder {
  full = false;
  readonly #accuse: Accuse;
  readonly #kept = new Map<string, Kept>();

  constructor(accuse: Accuse) {
    this.#accuse = accuse;
  }

  has(path: string, token: string): boolean {
    return this.#kept.get(path)?.token === token;
  }

  contentOf(path: string): string | null {
    return this.#kept.get(path)?.content ?? null;
  }

  /** Promise 6, at the moment of the write: nothing of ours is written into a case's folder, or anywhere else but here. */
  keep(path: string, token: string, content: string | null): void {
    if (!path.startsWith(`${RESULTS}/`)) this.#accuse(6, `the results of ${token} are written to ${path}`);
    this.#kept.set(path, { token, content });
  }
}
