import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished } from 'vitest';

import type { HostConfig, SchedulerConfig, SshTransportConfig, TransportConfig } from '../../src/config/config.ts';
import { systemClock } from '../../src/daemon/clock.ts';
import { examineHost } from '../../src/daemon/doctor/examine-host.ts';
import type { HostFinding } from '../../src/daemon/doctor/finding.ts';
import type { PueueDaemon } from '../lab/pueue.ts';
import type { Sshd } from '../lab/sshd.ts';

/** This installation, for the doctor. */
export const INSTANCE = 'ours';

/** A host called `hpc` with one slot. */
export function hostConfig(changes: Partial<HostConfig> = {}): HostConfig {
  return {
    name: 'hpc',
    transport: { type: 'local' },
    scheduler: { type: 'direct' },
    root: '/scratch/mqi',
    prologue: null,
    env: {},
    observeEveryMs: 10_000,
    stallMs: 120_000,
    stopGraceMs: 10_000,
    keep: { completedMs: 0, failedMs: 0 },
    stageAhead: null,
    slots: [{ name: 'gpu0', queue: 'gpu0', gpus: [], env: {} }],
    ...changes,
  };
}

/** Through the server's own ssh config. */
export function sshTo(sshd: Pick<Sshd, 'configFile'>, changes: Partial<SshTransportConfig> = {}): TransportConfig {
  return {
    type: 'ssh',
    host: 'hpc',
    port: null,
    user: null,
    identity: null,
    passphraseFile: null,
    knownHosts: null,
    agent: false,
    configFile: sshd.configFile,
    maxSessions: 4,
    connectTimeoutMs: 10_000,
    keepaliveMs: 10_000,
    ...changes,
  };
}

export function pueueOf(daemon: Pick<PueueDaemon, 'config' | 'client'>, client = daemon.client): SchedulerConfig {
  return { type: 'pueue', config: daemon.config, path: client };
}

/** A directory of the test's own, and the root in it: made, unless a test wants to see it missing. */
export function rootForTest({ made = true } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'mqi-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const root = join(folder, 'root');
  if (made) mkdirSync(root);
  return root;
}

export class Report {
  readonly findings: readonly HostFinding[];

  constructor(findings: readonly HostFinding[]) {
    this.findings = findings;
  }

  of(name: string): HostFinding {
    const found = this.findings.filter((finding) => finding.name === name);
    expect(found, `${name} in ${this.shown}`).toHaveLength(1);
    return found[0]!;
  }

  /** The names with this status. */
  names(status: HostFinding['status']): readonly string[] {
    return this.findings.filter((finding) => finding.status === status).map(({ name }) => name);
  }

  get shown(): string {
    return this.findings
      .map(
        ({ status, host, name, found, repair }) =>
          `${status} ${host} ${name}: ${found}${repair === null ? '' : `\n  next: ${repair}`}`,
      )
      .join('\n');
  }
}

export async function examined(
  host: HostConfig,
  { limitMs, wasUsed = false }: { readonly limitMs?: number; readonly wasUsed?: boolean } = {},
): Promise<Report> {
  const limit = limitMs === undefined ? {} : { limitMs };
  return new Report(
    await examineHost({ host, ours: { kind: 'named', instance: INSTANCE }, wasUsed, clock: systemClock, ...limit }),
  );
}
