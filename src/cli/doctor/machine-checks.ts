import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { Config } from '../../config/config.ts';
import { lastSignOfLife } from '../../store/queries.ts';
import { openReader } from '../../store/open.ts';
import type { Io } from '../io.ts';
import { rebuild } from '../unbuilt.ts';
import { localTime } from '../words.ts';
import { fail, ok, warn } from './check.ts';
import type { Check, Finding } from './check.ts';

/** This machine itself; `config` is null when it could not be read. */
export function machineChecks(io: Io, config: Config | null): readonly Check[] {
  const isRemote = config?.hosts.some((host) => host.transport.type === 'ssh') ?? false;
  return [
    ...(isRemote ? [{ name: 'ssh crypto', run: sshCrypto }] : []),
    { name: 'clock', run: () => clock(io, config) },
  ];
}

function sshCrypto(): Finding {
  const module: unknown = createRequire(import.meta.url)('ssh2/lib/protocol/crypto.js');
  const isNative = typeof module === 'object' && module !== null && 'bindingAvailable' in module;
  return isNative && module.bindingAvailable === true
    ? ok('native')
    : warn("ssh2's compiled part did not load: transfers are half as fast", rebuild('ssh2'));
}

/** This program is not older; a machine whose battery died begins in 1970 or 2000. */
const WRITTEN_MS = Date.UTC(2025, 0, 1);

/** Between two processes that read the clock. */
const TOLERANCE_MS = 60_000;

function clock(io: Io, config: Config | null): Finding {
  const now = io.clock.now();
  const repair = 'timedatectl set-ntp true';
  if (now < WRITTEN_MS) return fail(`it says ${localTime(now)}, which cannot be`, repair);
  const last = config === null ? null : lastRecorded(config.database);
  if (last !== null && last > now + TOLERANCE_MS) {
    return warn(`it says ${localTime(now)}, before what the database recorded (${localTime(last)})`, repair);
  }
  return ok(localTime(now));
}

function lastRecorded(database: string): number | null {
  if (!existsSync(database)) return null;
  const reader = openReader(database);
  try {
    return lastSignOfLife(reader.db);
  } finally {
    reader.close();
  }
}
