import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { Config } from '../../config/config.ts';
import { lastSignOfLife } from '../../store/queries.ts';
import { openReader } from '../../store/open.ts';
import type { Io } from '../io.ts';
import { localTime } from '../words.ts';
import { fail, ok, warn } from './check.ts';
import type { Check, Finding } from './check.ts';

/** This machine itself; `config` is null when it could not be read. */
export function machineChecks(io: Io, config: Config | null): readonly Check[] {
  const isLocal = config?.hosts.some((host) => host.transport.type === 'local') ?? true;
  const isRemote = config?.hosts.some((host) => host.transport.type === 'ssh') ?? false;
  return [
    ...(isLocal ? [{ name: 'tools', run: tools }] : []),
    ...(isRemote ? [{ name: 'ssh crypto', run: sshCrypto }] : []),
    { name: 'clock', run: () => clock(io, config) },
  ];
}

const LOOK_TIMEOUT_MS = 10_000;

/** What the scripts on a host call; a job script also reads /proc to know its processes again. */
const LOOK = `for tool in tar find openssl sha256sum shasum setsid; do command -v "$tool" > /dev/null 2>&1 && echo "$tool"; done
[ -r /proc/self/stat ] && echo /proc
:`;

function tools(): Finding {
  const { stdout, status, error } = spawnSync('sh', ['-c', LOOK], { encoding: 'utf8', timeout: LOOK_TIMEOUT_MS });
  if (error !== undefined || status !== 0) return fail('there is no working sh on the PATH', 'echo $PATH');
  const there = new Set(stdout.split('\n'));
  const missing = [
    ...['tar', 'find', '/proc'].filter((tool) => !there.has(tool)),
    ...(['openssl', 'sha256sum', 'shasum'].some((tool) => there.has(tool)) ? [] : ['sha256sum']),
  ];
  if (missing.length > 0) {
    return fail(
      `missing: ${missing.join(', ')}`,
      'apt-get install tar findutils coreutils, or as this system calls them',
    );
  }
  if (!there.has('setsid')) {
    return warn(
      'setsid is missing: processes that a job leaves behind are found by their environment alone',
      'apt-get install util-linux',
    );
  }
  return ok(`sh, tar, find, setsid, ${there.has('openssl') ? 'openssl' : 'sha256sum'}`);
}

function sshCrypto(): Finding {
  const module: unknown = createRequire(import.meta.url)('ssh2/lib/protocol/crypto.js');
  const isNative = typeof module === 'object' && module !== null && 'bindingAvailable' in module;
  return isNative && module.bindingAvailable === true
    ? ok('native')
    : warn("ssh2's compiled part did not load: transfers are half as fast", 'npm rebuild ssh2');
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
