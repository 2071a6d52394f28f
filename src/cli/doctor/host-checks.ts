import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Config, HostConfig } from '../../config/config.ts';
import { instanceOf } from '../../store/queries.ts';
import { openReader } from '../../store/open.ts';
import { fail, ok, warn } from './check.ts';
import type { Check, Finding } from './check.ts';
import { usableRoot } from './folder-checks.ts';
import { shellWord } from '../shell-word.ts';

/**
 * What only a look at the host can tell. For a host on this machine that is its root; what needs a connection is
 * appended by whoever can make one.
 */
export function hostChecks(config: Config): readonly Check[] {
  const local = config.hosts.filter((host) => host.transport.type === 'local');
  return local.flatMap((host) => [
    { name: `${host.name} root`, run: () => usableRoot(host.root) },
    { name: `${host.name} owner`, run: () => owner(config, host) },
    { name: `${host.name} job`, run: () => command(config, host) },
  ]);
}

/** Two installations on one root would share its GPUs without knowing. */
function owner(config: Config, host: HostConfig): Finding {
  const file = join(host.root, 'owner');
  if (!existsSync(file)) return ok('nobody yet: the daemon takes it when it starts');
  const named = readFileSync(file, 'utf8').trim();
  const ours = existsSync(config.database) ? instance(config.database) : null;
  if (ours === named) return ok(`this installation (${named})`);
  return fail(
    ours === null
      ? `${file} names installation ${named}, and there is no database of ours yet`
      : `${file} names installation ${named}, and this one is ${ours}`,
    `stop the other daemon, then mqi hosts takeover ${host.name}`,
  );
}

function instance(database: string): string | null {
  const reader = openReader(database);
  try {
    return instanceOf(reader.db);
  } finally {
    reader.close();
  }
}

const LOOK_TIMEOUT_MS = 10_000;

/** Only a hint: a prologue may well put it on the PATH. */
function command(config: Config, host: HostConfig): Finding {
  const { command: template } = config.job;
  const program = typeof template === 'string' ? 'sh' : (template[0] ?? '');
  if (program.includes('{') || host.prologue !== null) return ok(`${program}, after the prologue`);
  const { status } = spawnSync('sh', ['-c', 'command -v "$1" > /dev/null 2>&1', 'sh', program], {
    timeout: LOOK_TIMEOUT_MS,
    env: { ...process.env, ...host.env },
  });
  if (status === 0) return ok(program);
  return warn(
    `${program} is not on the PATH here`,
    `command -v ${shellWord(program)}, or set prologue: or env: of ${host.name}`,
  );
}
