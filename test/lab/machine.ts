import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { createNetwork, whyNetworkIsMissing } from './network.ts';
import type { Network } from './network.ts';

/**
 * A host of its own: process numbers, a name, a boot id and a network that this machine does not share with it; the
 * files it does. Needs root.
 */
export interface Machine {
  readonly network: Network;
  /** In front of a command that is to run there; the same after a reboot. */
  readonly prefix: readonly string[];
  /** With another boot id than before, and nothing running. */
  boot(): Promise<void>;
  /** The power fails: every process there is gone at once. What was written stays. */
  crash(): Promise<void>;
  /** Stops every process there, as a virtual machine that hangs; its network still answers. */
  freeze(): Promise<void>;
  thaw(): void;
  remove(): Promise<void>;
}

/** Why there can be none on this machine; null when there can. */
export function whyMachineIsMissing(): string | null {
  return whyNetworkIsMissing();
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const PATIENCE_MS = 60_000;

export async function startMachine(): Promise<Machine> {
  const network = createNetwork();
  const directory = mkdtempSync(join(tmpdir(), 'mqi-machine-'));
  const [bootId, up, enter] = ['boot_id', 'up', 'enter'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const name = `mqi-${network.address.split('.')[2]}`;
  let outer: ChildProcess | null = null;
  let init = 0;

  const killAll = (): void => {
    try {
      if (init > 0) process.kill(init, 'SIGKILL');
    } catch {
      // it is down
    }
  };
  process.once('exit', killAll);

  async function boot(): Promise<void> {
    writeFileSync(bootId, `${randomUUID()}\n`);
    rmSync(up, { force: true });
    // waiting for a child, sh also buries those that their parents left behind, as the first process has to
    const first = `hostname '${name}' && mount --bind '${bootId}' ${BOOT_ID} && : > '${up}' || exit 1
sleep infinity & wait $!`;
    const [command, ...args] = [...network.prefix, 'unshare', '--pid', '--fork', '--mount', '--uts', '--mount-proc'];
    const child = spawn(command, [...args, 'sh', '-c', first], { stdio: ['ignore', 'ignore', 'pipe'] });
    outer = child;
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until('it boots', () => {
      if (child.exitCode !== null) throw new Error(`the machine does not boot: ${said}`);
      return existsSync(up);
    });
    init = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
    if (!Number.isInteger(init) || init < 2) throw new Error('the first process of the machine is not to be found');
    writeFileSync(enter, `exec nsenter -t ${init} -p -m -u -n -- "$@"\n`);
  }

  async function crash(): Promise<void> {
    const child = outer;
    outer = null;
    if (child === null) return;
    const gone =
      child.exitCode !== null || child.signalCode !== null ? null : new Promise((r) => child.once('exit', r));
    killAll();
    // the kernel has ended every other process of the namespace before the first one is gone
    await gone;
    init = 0;
  }

  await boot();
  return {
    network,
    prefix: ['sh', enter],
    boot,
    crash,
    async freeze() {
      // until a look finds nothing that runs: a process may fork while it is looked for
      await until('everything there stands still', () => {
        const running = processesIn(init).filter(({ state }) => state !== 'T' && state !== 'Z');
        for (const { pid } of running) send(pid, 'SIGSTOP');
        return running.length === 0;
      });
    },
    thaw() {
      if (init === 0) return;
      const inside = processesIn(init);
      // whoever entered the machine stands outside and stopped with it
      for (const pid of new Set(inside.flatMap(({ pid, parent }) => [pid, parent]))) send(pid, 'SIGCONT');
    },
    async remove() {
      process.off('exit', killAll);
      await crash();
      network.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** All processes that share a pid namespace with that one. A walk along children misses those of threads. */
function processesIn(init: number): { readonly pid: number; readonly parent: number; readonly state: string }[] {
  const namespaceOf = (pid: string): string => readlinkSync(`/proc/${pid}/ns/pid`);
  const own = namespaceOf(String(init));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (namespaceOf(pid) !== own) return [];
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [{ pid: Number(pid), parent: Number(parent), state: state! }];
      } catch {
        // it has just ended
        return [];
      }
    });
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has just ended
  }
}

async function until(what: string, ask: () => boolean): Promise<void> {
  const begun = performance.now();
  while (!ask()) {
    if (performance.now() - begun > PATIENCE_MS) throw new Error(`waited in vain: ${what}`);
    await wait(10);
  }
}
