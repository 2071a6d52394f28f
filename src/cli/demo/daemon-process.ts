import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';

import { listHosts } from '../../store/queries.ts';
import type { Reader } from '../../store/queries.ts';
import { openReader } from '../../store/open.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { packageFile } from '../package-file.ts';
import { shellWord } from '../shell-word.ts';
import type { Site } from './site.ts';

/** A graceful stop takes well under a second here. */
const STOP_MS = 10_000;
const POLL_MS = 50;
const LAST_LINES = 5;

export interface DaemonProcess {
  /** Resolves with a reader of its database once it works. */
  ready(io: Io, deadline: number, signal: AbortSignal): Promise<Reader>;
  /** Null while it runs. */
  ended(): string | null;
  /** SIGTERM, and SIGKILL for one that does not listen. Idempotent. */
  stop(io: Io): Promise<void>;
  /** What it said last. */
  lastWords(): readonly string[];
}

/** The real program, as `mqi run` starts it; its log goes to a file. */
export function startDaemon(site: Site): DaemonProcess {
  const log = openSync(site.log, 'a');
  const main = packageFile('dist', 'mqi.js');
  const child = spawn(process.execPath, [main, 'run', '--config', site.config], {
    cwd: site.folder,
    env: ownEnvironment(),
    stdio: ['ignore', log, log],
    // Ctrl-C reaches a whole process group; this one is told by us, once
    detached: true,
  });
  const orphaned = (): void => void child.kill('SIGTERM');
  process.once('exit', orphaned);
  closeSync(log);
  // an object: its field changes in the callbacks below
  const ending: { how: string | null } = { how: null };
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      ending.how = error.message;
      resolve();
    });
    child.once('exit', (code, signal) => {
      ending.how = code === null ? `ended by ${signal}` : `exit code ${code}`;
      resolve();
    });
  });
  const lastWords = (): readonly string[] => {
    const text = existsSync(site.log) ? readFileSync(site.log, 'utf8') : '';
    return text.trimEnd().split('\n').slice(-LAST_LINES);
  };
  return {
    ended: () => ending.how,
    lastWords,
    async ready(io, deadline, signal) {
      while (io.clock.monotonic() < deadline && ending.how === null && !signal.aborted) {
        const reader = tryRead(site.database);
        if (reader !== null) return reader;
        await io.clock.sleep(POLL_MS, signal);
      }
      if (signal.aborted) throw new CliError('stopped by you', 'mqi demo', EXIT.interrupted);
      throw new CliError(
        `the daemon did not start${ending.how === null ? ' in time' : `: ${ending.how}`}`,
        `${io.self} run --config ${shellWord(site.config)}`,
        EXIT.failed,
        lastWords(),
      );
    },
    async stop(io) {
      if (ending.how !== null) return;
      child.kill('SIGTERM');
      const cancel = io.clock.after(STOP_MS, () => child.kill('SIGKILL'));
      await exited;
      cancel();
      process.off('exit', orphaned);
    },
  };
}

/** What the user set for another installation must not reach this one. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MQI_')));
}

/**
 * Null while there is nothing to read. The database itself is asked and not its lock: whoever tries the lock holds it
 * for an instant, in which the daemon could not take it.
 */
function tryRead(database: string): Reader | null {
  if (!existsSync(database)) return null;
  let reader: Reader;
  try {
    reader = openReader(database);
  } catch {
    // half-made: the next poll tells
    return null;
  }
  if (listHosts(reader.db).length > 0) return reader;
  reader.close();
  return null;
}
