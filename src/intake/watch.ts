import type { Stats } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { watch as watchPath } from 'chokidar';
import type { FSWatcher } from 'chokidar';

import type { Clock } from '../domain/clock.ts';
import { atDisk } from './bounded.ts';

/** Chokidar reads the tree before it is ready: 0.6 s for 10,000 folders (STACK.md 3d). */
const READY_WITHIN_MS = 60_000;

export interface WatchDeps {
  readonly root: string;
  readonly depth: number;
  readonly clock: Clock;
  /** A folder appeared at, or vanished from, the level of the candidates. Only a hint. */
  readonly onHint: (path: string) => void;
  readonly onArmed: () => void;
  /** Notifications do not work, or not any more; the rescan goes on without. */
  readonly onTrouble: (reason: string) => void;
}

export interface Watch {
  /** Which root it listens to; null: to none. */
  readonly identity: string | null;
  /** Listens to the directory that has the root's path now. Resolves when nothing new can be missed any more. */
  arm(identity: string): Promise<void>;
  close(): Promise<void>;
}

/** Notifications about new folders, so that one need not wait for the next rescan. */
export function createWatch(deps: WatchDeps): Watch {
  let watcher: FSWatcher | null = null;
  let identity: string | null = null;

  const close = async (): Promise<void> => {
    const old = watcher;
    watcher = null;
    identity = null;
    await old?.close();
  };

  const listen = (real: string): FSWatcher => {
    const own = watchPath(real, {
      // only the levels above the candidates are watched: one inotify watch, and not one for each file
      depth: deps.depth - 1,
      ignoreInitial: true,
      followSymlinks: false,
      ignorePermissionErrors: true,
      ignored: (_path: string, stats?: Stats) => stats !== undefined && !stats.isDirectory(),
    });
    const hint = (path: string): void => {
      const name = relative(real, path);
      if (name.split('/').length === deps.depth && name !== '') deps.onHint(join(deps.root, name));
    };
    own.on('addDir', hint);
    own.on('unlinkDir', (path) => {
      // chokidar never sees a root that comes back, so the next rescan has to arm it again. It tells of a root that held
      // folders only: of an empty one the identity tells, and where a file system keeps no time of birth, nothing
      if (path === real && watcher === own) identity = null;
      else hint(path);
    });
    own.on('error', (error) => {
      if (watcher === own) identity = null;
      deps.onTrouble(error instanceof Error ? error.message : String(error));
    });
    return own;
  };

  return {
    get identity() {
      return identity;
    },
    async arm(wanted) {
      await close();
      try {
        const own = listen(await atDisk(() => realpath(deps.root)));
        watcher = own;
        const waiting = new AbortController();
        const ready = new Promise<'ready' | 'failed'>((resolve) => {
          own.once('ready', () => resolve('ready'));
          own.once('error', () => resolve('failed'));
        });
        const outcome = await Promise.race([ready, deps.clock.sleep(READY_WITHIN_MS, waiting.signal)]);
        waiting.abort();
        if (outcome === 'ready' && watcher === own) {
          identity = wanted;
          deps.onArmed();
        } else if (outcome === undefined) deps.onTrouble('it was not ready within a minute');
      } catch (error) {
        deps.onTrouble(error instanceof Error ? error.message : String(error));
      }
    },
    close,
  };
}
