import type { FoundCase } from '../../src/supervisor/case/admit.ts';

const ROOT = '/cases/';

/** The watched directory. A case's folder may change under the daemon's hands. */
export class Folders {
  readonly #versions = new Map<string, number>();

  pathOf(name: string): string {
    return `${ROOT}${name}`;
  }

  /** Cases whose folders lie on a disk that does not answer. */
  readonly hanging = new Set<string>();

  /** Cases whose folders are not there. */
  readonly missing = new Map<string, 'deleted' | 'unmounted'>();

  isMissing(path: string): 'deleted' | 'unmounted' | null {
    return this.missing.get(path.slice(ROOT.length)) ?? null;
  }

  hangs(path: string): boolean {
    return this.hanging.has(path.slice(ROOT.length));
  }

  change(name: string): void {
    this.#versions.set(name, (this.#versions.get(name) ?? 0) + 1);
  }

  fingerprintOf(path: string): string {
    return `version ${this.#versions.get(path.slice(ROOT.length)) ?? 0} of ${path}`;
  }

  read(path: string): FoundCase {
    return {
      path,
      name: path.slice(ROOT.length),
      fingerprint: this.fingerprintOf(path),
      files: 1,
      sizeBytes: 1_000_000,
    };
  }
}
