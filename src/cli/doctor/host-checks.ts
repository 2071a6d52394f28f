import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import type { Config, HostConfig } from '../../config/config.ts';
import type { Ours } from '../../daemon/doctor/host-findings.ts';
import { hasAttempts, instanceOf, leftRoot, listHosts } from '../../store/queries.ts';
import type { LeftRoot } from '../../store/queries.ts';
import { openReader } from '../../store/open.ts';
import { ok, runCheck, warn } from './check.ts';
import type { Checked, Finding, Survey } from './check.ts';
import { shellWord } from '../shell-word.ts';

/**
 * What only a survey of the hosts can tell. All of them are looked at together from the moment when the first is asked
 * for: one that does not answer takes half a minute.
 */
export function hostChecks(config: Config): readonly Survey[] {
  let surveys: Promise<readonly (readonly Checked[])[]> | null = null;
  const survey = (): NonNullable<typeof surveys> => (surveys ??= examine(config));
  return config.hosts.map((host, at) => ({
    async survey() {
      const found = (await survey())[at] ?? [];
      if (host.transport.type !== 'local') return found;
      return [...found, { host: host.name, name: 'job', ...(await runCheck({ run: () => command(config, host) })) }];
    },
  }));
}

async function examine(config: Config): Promise<readonly (readonly Checked[])[]> {
  // only this command needs the way to a host, and ssh2 is not read in a moment
  const [{ examineHost }, { systemClock }] = await Promise.all([
    import('../../daemon/doctor/examine-host.ts'),
    import('../../daemon/clock.ts'),
  ]);
  const known = readKnown(config.database, config.hosts);
  return Promise.all(config.hosts.map((host) => examineHost({ host, ...known(host.name), clock: systemClock })));
}

interface Known {
  readonly ours: Ours;
  readonly wasUsed: boolean;
  readonly left: LeftRoot | null;
}

/** What our database knows of a host by name. What is wrong with it is told by its own check. */
function readKnown(database: string, hosts: readonly HostConfig[]): (host: string) => Known {
  const nothing = (kind: 'none' | 'unknown') => (): Known => ({ ours: { kind }, wasUsed: false, left: null });
  if (!existsSync(database)) return nothing('none');
  try {
    const reader = openReader(database);
    try {
      const instance = instanceOf(reader.db);
      const used = new Set(listHosts(reader.db).flatMap(({ name }) => (hasAttempts(reader.db, name) ? [name] : [])));
      const ours: Ours = instance === null ? { kind: 'none' } : { kind: 'named', instance };
      const left = new Map(hosts.map(({ name, root }) => [name, leftRoot(reader.db, name, root)]));
      return (host) => ({ ours, wasUsed: used.has(host), left: left.get(host) ?? null });
    } finally {
      reader.close();
    }
  } catch {
    return nothing('unknown');
  }
}

const SURVEY_TIMEOUT_MS = 10_000;

/** Only a hint: a prologue may well put it on the PATH. */
function command(config: Config, host: HostConfig): Finding {
  const { command: template } = config.job;
  const program = typeof template === 'string' ? 'sh' : (template[0] ?? '');
  if (program.includes('{') || host.prologue !== null) return ok(`${program}, after the prologue`);
  const { status } = spawnSync('sh', ['-c', 'command -v "$1" > /dev/null 2>&1', 'sh', program], {
    timeout: SURVEY_TIMEOUT_MS,
    env: { ...process.env, ...host.env },
  });
  if (status === 0) return ok(program);
  return warn(
    `${program} is not on the PATH here`,
    `command -v ${shellWord(program)}, or set prologue: or env: of ${host.name}`,
  );
}
