import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { formatProblem } from '../config/problem.ts';
import type { Overrides } from '../config/variables.ts';
import { whyConfigOf } from '../daemon/why-config.ts';
import { lastSignOfLife } from '../store/queries.ts';
import type { ReadDb } from '../store/queries.ts';
import type { Store } from '../store/database.ts';
import { daemonOf } from '../store/lock.ts';
import { openExisting } from '../store/open.ts';
import { isThere } from '../store/store-error.ts';
import type { WhyConfig, WhyDaemon } from '../views/why.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';
import type { Io } from './io.ts';

/** What every command takes, before or after its own name. */
export interface GlobalOptions {
  readonly config?: string;
  readonly database?: string;
}

/** @throws CliError that names every problem */
export function configOf(io: Io, options: GlobalOptions, overrides: Overrides = {}): Config {
  const database: Overrides = options.database === undefined ? {} : { database: options.database };
  const outcome = loadConfig({
    file: options.config,
    // ours, not the configuration's
    environment: { ...io.env, MQI_DEBUG: undefined },
    cwd: io.cwd,
    overrides: { ...database, ...overrides },
  });
  if (outcome.kind === 'loaded') return outcome.config;
  const nexts = [...new Set(outcome.problems.map((problem) => problem.next))];
  throw new CliError(
    'the configuration cannot be used',
    nexts.join(', or '),
    EXIT.config,
    outcome.problems.map(formatProblem),
  );
}

/** An open database and what belongs to it. */
export interface Session {
  readonly config: Config;
  readonly store: Store;
  readonly db: ReadDb;
  /** Asked anew each time: a daemon may start while a command waits. */
  daemon(): WhyDaemon;
  readonly whyConfig: WhyConfig;
}

/** Opens the database for one command and closes it again. */
export async function withSession<T>(
  io: Io,
  options: GlobalOptions,
  access: 'read' | 'orders',
  use: (session: Session) => T | Promise<T>,
): Promise<T> {
  const config = configOf(io, options);
  if (!isThere(config.database)) {
    throw new CliError(`there is no database at ${config.database} yet`, 'mqi run', EXIT.notFound);
  }
  const store = openExisting(config.database, access);
  try {
    return await use({
      config,
      store,
      db: store.db,
      daemon: () =>
        daemonOf(config.database).running
          ? { running: true }
          : { running: false, lastSignMs: lastSignOfLife(store.db) },
      whyConfig: whyConfigOf(config),
    });
  } finally {
    store.close();
  }
}
