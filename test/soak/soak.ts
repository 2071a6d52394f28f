import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { createHpc } from '../hpc/lab.ts';
import type { Hpc } from '../hpc/lab.ts';
import { whyMachineIsMissing } from '../lab/machine.ts';
import { completeAll, retryFailed } from '../lab/operator.ts';
import { createSite } from '../lab/site.ts';
import type { Daemon, Site } from '../lab/site.ts';
import { randomFrom } from '../simulation/random.ts';
import type { Random } from '../simulation/random.ts';
import { audit } from './audit.ts';
import { bootIdOf } from './receipts.ts';
import type { Audit } from './audit.ts';
import { createSupply } from './supply.ts';
import type { Supply } from './supply.ts';
import { troublesOf } from './troubles.ts';
import type { Trouble } from './troubles.ts';

export const HOST_KINDS = ['direct', 'pueue'] as const;
export type HostKind = (typeof HOST_KINDS)[number];

export interface SoakOptions {
  /** `direct`: the embedded host. `pueue`: sshd, pueued and the jobs on a machine of their own, where there can be one. */
  readonly kind: HostKind;
  readonly minutes: number;
  /** Draws what happens when; what meets what is still up to the machine. */
  readonly seed: string;
  readonly say: (line: string) => void;
}

export interface SoakReport extends Audit {
  readonly kind: HostKind;
  /** SIGKILLs of the daemon. */
  readonly kills: number;
  /** How often each trouble came. */
  readonly troubles: Readonly<Record<string, number>>;
  /** One line of figures. */
  readonly summary: string;
}

const SLOTS = ['gpu0', 'gpu1', 'gpu2'] as const;
const KILL_EVERY_MS = [3_000, 10_000] as const;
const TROUBLE_EVERY_MS = [4_000, 15_000] as const;
const TROUBLE_LASTS_MS = [500, 6_000] as const;
const ORDERS_EVERY_MS = 2_000;
const SAY_EVERY_MS = 60_000;
/** For what is left when no more is done to it: the longest pauses of link and work are a minute each. */
const QUIET_MS = 300_000;

export async function soak({ kind, minutes, seed, say }: SoakOptions): Promise<SoakReport> {
  const takeDowns: (() => Promise<void>)[] = [];
  try {
    const random = randomFrom(`${seed}/${kind}`);
    const site = await siteOf(kind, (takeDown) => takeDowns.push(takeDown));
    const run = new Run(site, kind, random, say);
    await run.last(minutes * 60_000);
    const report = await run.end();
    if (report.broken.length > 0) {
      for (const one of report.broken) say(`BROKEN ${one}`);
      say(`evidence: ${keep(site, run.daemons, kind)}`);
    }
    return report;
  } finally {
    for (const takeDown of takeDowns.toReversed()) await takeDown();
  }
}

async function siteOf(kind: HostKind, ends: (takeDown: () => Promise<void>) => void): Promise<Site | Hpc> {
  const slots = SLOTS.map((name) => ({
    name,
    ...(kind === 'pueue' ? { queue: name } : {}),
    env: { SOAK_SLOT: name },
  }));
  const options = { ends, pollMs: 200, deadlineMs: QUIET_MS, observeEvery: '2s', host: { slots } };
  if (kind === 'direct') return createSite(options);
  const place = whyMachineIsMissing() === null ? { onMachine: true } : { proxied: true };
  return createHpc({ ...options, ...place, groups: [...SLOTS], transport: { keepalive: '1s' } });
}

/** One soak, from the first case to the last look. */
class Run {
  readonly daemons: Daemon[] = [];
  readonly #site: Site | Hpc;
  readonly #kind: HostKind;
  readonly #random: Random;
  readonly #say: (line: string) => void;
  readonly #supply: Supply;
  readonly #troubles: readonly Trouble[];
  readonly #counts = new Map<string, number>();
  #kills = 0;
  #endsAtMs = 0;

  constructor(site: Site | Hpc, kind: HostKind, random: Random, say: (line: string) => void) {
    this.#site = site;
    this.#kind = kind;
    this.#random = random;
    this.#say = say;
    this.#supply = createSupply(site, random.fork('cases'));
    this.#troubles = kind === 'pueue' ? troublesOf(site as Hpc) : [];
  }

  async last(ms: number): Promise<void> {
    this.#endsAtMs = performance.now() + ms;
    this.#start();
    await this.#site.until('the daemon has made its database', () => true);
    await Promise.all([
      this.#supply.run(() => this.#isOver()),
      this.#kill(this.#random.fork('kills')),
      this.#trouble(this.#random.fork('troubles')),
      this.#order(this.#random.fork('orders')),
      this.#tell(),
    ]);
  }

  /** Nothing is done to it any more; an operator retries until every case is completed. */
  async end(): Promise<SoakReport> {
    this.#say(`quiet: ${this.#supply.names().length} cases, ${this.#kills} kills so far`);
    await completeAll(this.#site, this.#supply.names(), QUIET_MS);
    const troubles = Object.fromEntries(this.#counts);
    const losesTasks = this.#troubles.some(
      (trouble) => trouble.losesTasks && (this.#counts.get(trouble.name) ?? 0) > 0,
    );
    const found = await audit(this.#site, this.#supply, { bootId: bootIdOf(this.#prefix()), losesTasks });
    const kinds = Object.entries(found.failures).map(([name, count]) => `${count} ${name}`);
    const summary = [
      `${this.#kills} kills of the daemon`,
      ...Object.entries(troubles).map(([name, count]) => `${count} × ${name}`),
      `${found.cases} cases, ${found.completed} completed`,
      `${found.attempts} attempts (failed: ${kinds.join(', ') || 'none'})`,
      `${found.jobs} jobs ran`,
      `${found.twice} of them twice`,
      found.broken.length === 0 ? 'ok' : `${found.broken.length} BROKEN`,
    ].join('; ');
    return { ...found, kind: this.#kind, kills: this.#kills, troubles, summary };
  }

  /** In front of a command that is to run on the host. */
  #prefix(): readonly string[] {
    return 'tasks' in this.#site && whyMachineIsMissing() === null ? this.#site.machine.prefix : [];
  }

  #isOver(): boolean {
    return performance.now() > this.#endsAtMs;
  }

  #start(): void {
    this.daemons.push(this.#site.start());
  }

  async #kill(random: Random): Promise<void> {
    for (;;) {
      await wait(random.between(...KILL_EVERY_MS));
      if (this.#isOver()) return;
      const daemon = this.daemons.at(-1)!;
      daemon.kill('SIGKILL');
      const { signal, code } = await daemon.exited;
      // one that ended by itself would have ended anyhow
      if (signal !== 'SIGKILL') throw new Error(`a daemon ended by itself with ${String(code)}:\n${daemon.log()}`);
      this.#kills += 1;
      this.#start();
    }
  }

  async #trouble(random: Random): Promise<void> {
    let left: Trouble[] = [];
    while (this.#troubles.length > 0) {
      await wait(random.between(...TROUBLE_EVERY_MS));
      if (this.#isOver()) return;
      // each once, in any order, before any comes again
      if (left.length === 0) left = [...this.#troubles];
      const [trouble] = left.splice(random.int(left.length), 1) as [Trouble];
      this.#counts.set(trouble.name, (this.#counts.get(trouble.name) ?? 0) + 1);
      await trouble.begin();
      await wait(random.between(...TROUBLE_LASTS_MS));
      await trouble.end();
    }
  }

  /** An operator who looks in now and then, and retries some of what failed. */
  async #order(random: Random): Promise<void> {
    while (!this.#isOver()) {
      await wait(ORDERS_EVERY_MS);
      retryFailed(this.#site, () => random.chance(0.3));
    }
  }

  async #tell(): Promise<void> {
    for (let at = performance.now() + SAY_EVERY_MS; !this.#isOver(); await wait(1_000)) {
      if (performance.now() < at) continue;
      at += SAY_EVERY_MS;
      this.#say(`${this.#supply.names().length} cases, ${this.#kills} kills so far`);
    }
  }
}

/** Everything that tells how it came about, where nothing removes it. */
function keep(site: Site, daemons: readonly Daemon[], kind: HostKind): string {
  const folder = mkdtempSync(join(tmpdir(), `mqi-soak-${kind}-`));
  cpSync(site.folder, join(folder, 'site'), { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(folder, 'daemons.log'), daemons.map((daemon) => daemon.log()).join('--- killed ---\n'));
  return folder;
}
