import { statSync } from 'node:fs';

import type { Clock } from '../domain/clock.ts';

/** How soon it is noticed that somebody took the database away. */
const CHECK_EVERY_MS = 500;

/**
 * Aborts when the database's file is not at its path any more: removed, or replaced while the daemon runs. Whatever is
 * committed from then on goes into a file that nobody can find again, so nothing more may be done.
 */
export function guardDatabase(path: string, clock: Clock): { readonly gone: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const mine = identityOf(path);
  let cancel = (): void => {};
  const check = (): void => {
    if (identityOf(path) !== mine) return controller.abort();
    cancel = clock.after(CHECK_EVERY_MS, check);
  };
  check();
  return { gone: controller.signal, stop: () => cancel() };
}

function identityOf(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}
