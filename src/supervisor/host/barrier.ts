import type { Store } from '../../store/database.ts';
import { readMeta, writeMeta } from '../../store/meta.ts';
import type { HostWatch } from './watch.ts';

/** Nothing is leased on a host before the barrier there is lifted: every attempt was reconciled since the host was last seen. */
export interface Barrier {
  isLifted(host: string): boolean;
}

/**
 * A database that was restored from a backup may have forgotten a job on any host: an attempt that it does not know
 * must not meet another one of the same case elsewhere. So then every host is seen before any is given work.
 */
export function createBarrier(store: Store, watches: ReadonlyMap<string, HostWatch>): Barrier {
  let hasForgotten = readMeta(store.db, 'is_backup') === 'yes';

  const remember = (): void => {
    if (!hasForgotten || ![...watches.values()].every((watch) => watch.wasReconciled())) return;
    store.write((tx) => writeMeta(tx, 'is_backup', 'no'));
    hasForgotten = false;
  };

  return {
    isLifted(host) {
      remember();
      return !hasForgotten && watches.get(host)?.isReconciled() === true;
    },
  };
}
