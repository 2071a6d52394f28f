import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { describe, onTestFinished, test } from 'vitest';

import { readHost } from '../../src/store/hosts.ts';
import type { HostRow } from '../../src/store/hosts.ts';
import { startMachine } from '../lab/machine.ts';
import type { Machine } from '../lab/machine.ts';
import { createNetwork } from '../lab/network.ts';
import type { Network } from '../lab/network.ts';
import { PUEUE_VERSIONS, hasPueue, startPueue } from '../lab/pueue.ts';
import type { PueueDaemon, PueueVersion } from '../lab/pueue.ts';
import { startProxy } from '../lab/proxy.ts';
import type { FaultProxy } from '../lab/proxy.ts';
import { createSite } from '../lab/site.ts';
import type { CaseRow } from '../../src/store/cases.ts';
import type { Site, SiteOptions } from '../lab/site.ts';
import { startSshd, whySshdIsMissing, writeKnownHosts } from '../lab/sshd.ts';
import type { Sshd, SshdSettings } from '../lab/sshd.ts';

/** For a whole test: the machine may be slow and busy. Nothing waits for it to pass. */
export const TEST_TIMEOUT_MS = 240_000;
const DEADLINE_MS = 90_000;
/** Several sites are watched at once, and each time opens the database. */
const POLL_MS = 50;
const NETWORK_PORT = 2222;

/** Longer variants, which CI does not run: `MQI_LONG=1`. */
export const IS_LONG = process.env['MQI_LONG'] === '1';

/** Brings its input back as its result. */
export const COMPUTES = 'mkdir -p output && cp inputs/data output/data';

/** The same, once the site's file of that name is there. */
export function waitsFor(site: Site, file: string): string {
  return `until [ -e '${join(site.folder, file)}' ]; do sleep 0.05; done; ${COMPUTES}`;
}

export function whyStraceIsMissing(): string | null {
  return spawnSync('strace', ['-V']).status === 0 ? null : 'no strace: apt-get install strace';
}

export interface Parts {
  readonly version?: PueueVersion;
  /** Why a program is missing, or null. In CI each of them is a failure. */
  readonly programs?: readonly (string | null)[];
  /** Why something may not be done on this machine, or null: a runner of CI need not be root. */
  readonly rights?: readonly (string | null)[];
}

/** Tests on a real sshd and a real pueued; where a part cannot be had they are skipped by name. */
export function describeOnHpc(name: string, parts: Parts, body: () => void): void {
  const { version = PUEUE_VERSIONS[0], programs = [], rights = [] } = parts;
  const noPueue = hasPueue(version) ? null : `no pueue ${version}: test/lab/install.sh, or MQI_LAB`;
  const missing = [whySshdIsMissing(), noPueue, ...programs].filter((part) => part !== null);
  const forbidden = rights.filter((right) => right !== null);
  if (missing.length + forbidden.length === 0) return void describe(name, { timeout: TEST_TIMEOUT_MS }, body);
  describe(name, () => {
    test(`is not tested: ${[...missing, ...forbidden].join('; ')}`, (context) => {
      if (process.env['CI'] && missing.length > 0) throw new Error(missing.join('; '));
      context.skip();
    });
  });
}

/** A task as pueue has it. */
export interface Task {
  readonly id: number;
  readonly label: string | null;
  readonly group: string;
  /** `Stashed`, `Queued`, `Running`, `Done` … */
  readonly status: string;
}

/** A site whose one host, `here`, is reached by ssh and queues with pueue; each group is a slot of its name. */
export interface Hpc extends Site {
  readonly sshd: Sshd;
  readonly queue: PueueDaemon;
  /** Between the daemon and sshd; only with `proxied`. */
  readonly proxy: FaultProxy;
  /** Of sshd alone with `inNetwork`, of the whole host with `onMachine`. */
  readonly network: Network;
  /** Only with `onMachine`. */
  readonly machine: Machine;
  /** After `machine.crash()`: it boots, and its sshd, its pueued and its groups are started, as an operator does. */
  reboot(): Promise<void>;
  /**
   * sh that every `pueue` of the host reads before it does anything, its arguments in `$@`: it may `exit`, or call
   * `real`. Null for none.
   */
  trap(script: string | null): void;
  /** The arguments of every `pueue` that the host ran, one line each. */
  calls(): string[];
  /** How often the queue was asked for its status: once a look, and for what else needs it. */
  looks(): number;
  /** Commands that sshd was asked for so far. */
  commands(): number;
  tasks(): Promise<Task[]>;
  /** A file in the site's folder: what jobs, traps and tests tell each other by. */
  file(name: string): string;
  /** Resolves when that file is there. */
  appears(name: string): Promise<void>;
  /** What `COMPUTES` brought back. */
  dose(name: string, attempt?: number): string;
  /** The row of a case that failed in that attempt; null before. */
  failed(name: string, attempt: number): CaseRow | null;
  /** As the daemon has the host now; null before it has it at all. */
  host(): HostRow | null;
  /** Resolves when the daemon sees the host. */
  online(): Promise<unknown>;
  /** Resolves when a look that began after this call has ended. */
  nextLook(): Promise<void>;
  /** Resolves with the first answer that is not null; for what does not stand in the database. */
  eventually<T>(
    what: string,
    ask: () => T | null | false | undefined | Promise<T | null | false | undefined>,
  ): Promise<T>;
}

export interface HpcOptions extends SiteOptions {
  readonly version?: PueueVersion;
  readonly groups?: readonly string[];
  readonly sshd?: SshdSettings;
  readonly proxied?: boolean;
  /** sshd listens in a network namespace of its own; the jobs and their queue stay here. */
  readonly inNetwork?: boolean;
  /** sshd, the queue and the jobs run on a machine of their own, network and all. */
  readonly onMachine?: boolean;
  /** Keys of the host's `transport`, beside those that reach it. */
  readonly transport?: Readonly<Record<string, unknown>>;
  /** Where pueued keeps its state, when that is a special place. */
  readonly dataDirectory?: string;
}

export async function createHpc(options: HpcOptions = {}): Promise<Hpc> {
  const { version = '4.0.4', groups = ['gpu0'], proxied = false } = options;
  const ends = options.ends ?? onTestFinished;
  const machine = options.onMachine === true ? await startMachine() : null;
  if (machine !== null) ends(() => machine.remove());
  const network = machine?.network ?? (options.inNetwork === true ? createNetwork() : null);
  if (machine === null && network !== null) ends(async () => network.remove());
  const place =
    network === null
      ? { port: await lowPort() }
      : { address: network.address, port: NETWORK_PORT, prefix: (machine ?? network).prefix };
  const sshd = await startSshd({ ...place, ...options.sshd });
  ends(() => sshd.stop());
  const proxy = proxied ? await startProxy(sshd) : null;
  if (proxy !== null) {
    ends(() => proxy.close());
    writeKnownHosts(sshd.knownHosts, sshd.dir, '*', ['ed25519']);
  }
  const queue = await startPueue(version, groups, {
    ...(options.dataDirectory === undefined ? {} : { dataDirectory: options.dataDirectory }),
    ...(machine === null ? {} : { prefix: machine.prefix }),
  });
  ends(() => queue.close());
  const [client, trapFile, callsFile] = ['pueue', 'trap', 'calls'].map((name) => join(sshd.dir, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(
    client,
    `#!/bin/sh
printf '%s\\n' "$*" >> '${callsFile}'
real() { '${queue.client}' "$@"; }
[ ! -f '${trapFile}' ] || . '${trapFile}'
exec '${queue.client}' "$@"
`,
  );
  chmodSync(client, 0o755);
  const site = createSite({
    ...options,
    deadlineMs: DEADLINE_MS,
    pollMs: POLL_MS,
    host: {
      transport: {
        type: 'ssh',
        host: 'hpc',
        config_file: sshd.configFile,
        ...(proxy === null ? {} : { port: proxy.port }),
        ...options.transport,
      },
      scheduler: { type: 'pueue', config: queue.config, path: client },
      slots: groups.map((group) => ({ name: group, queue: group })),
      ...options.host,
    },
  });
  const file = (name: string): string => join(site.folder, name);

  const eventually: Hpc['eventually'] = async (what, ask) => {
    const begun = performance.now();
    for (;;) {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) return answer;
      if (performance.now() - begun > DEADLINE_MS) throw new Error(`waited in vain: ${what}`);
      await wait(POLL_MS);
    }
  };
  const host = (): HostRow | null => site.reader((from) => readHost(from.db, 'here'));
  const calls = (): string[] => (existsSync(callsFile) ? readFileSync(callsFile, 'utf8').split('\n').slice(0, -1) : []);
  const looks = (): number => calls().filter((call) => call.includes(' status ')).length;
  return {
    ...site,
    sshd,
    queue,
    get proxy(): FaultProxy {
      if (proxy === null) throw new Error('this site has no proxy');
      return proxy;
    },
    get network(): Network {
      if (network === null) throw new Error('this site has no network of its own');
      return network;
    },
    get machine(): Machine {
      if (machine === null) throw new Error('this site has no machine of its own');
      return machine;
    },
    async reboot() {
      await machine?.boot();
      await Promise.all([sshd.startListening(), queue.start()]);
      await queue.pueue('start', '--all');
    },
    trap(script: string | null) {
      if (script === null) return rmSync(trapFile, { force: true });
      writeFileSync(`${trapFile}.new`, script);
      renameSync(`${trapFile}.new`, trapFile);
    },
    calls,
    looks,
    commands: () => sshd.log().split('Starting session: ').length - 1,
    tasks: () => readTasks(queue),
    file,
    appears: async (name: string) => void (await eventually(`${name} is there`, () => existsSync(file(name)))),
    dose: (name, attempt = 1) => readFileSync(join(site.results, name, `attempt-${attempt}`, 'output', 'data'), 'utf8'),
    failed: (name, attempt) => {
      const row = site.caseOf(name);
      return row.attempt === attempt && row.state === 'failed' ? row : null;
    },
    host,
    online: () => site.until('the host is online', () => host()?.state === 'online'),
    // a look asks for the status first: when the third one from now is asked, the second has been dealt with
    nextLook: async () => {
      const before = looks();
      await eventually('two more looks', () => looks() >= before + 3);
    },
    eventually,
  };
}

/**
 * A free port outside of the range from which the kernel takes those of outgoing connections: else one of them may sit
 * on it while sshd does not listen, even a connection to itself.
 */
async function lowPort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 18_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

async function readTasks(queue: PueueDaemon): Promise<Task[]> {
  const { stdout } = await queue.pueue('status', '--json');
  const { tasks } = JSON.parse(stdout) as {
    tasks: Record<
      string,
      { id: number; label: string | null; group: string; status: string | Record<string, unknown> }
    >;
  };
  return Object.values(tasks).map(({ id, label, group, status }) => ({
    id,
    label,
    group,
    status: typeof status === 'string' ? status : Object.keys(status)[0]!,
  }));
}
