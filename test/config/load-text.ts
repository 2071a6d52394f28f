import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { loadConfig, type LoadOutcome, type LoadRequest } from '../../src/config/load.ts';
import { formatProblem, type Problem } from '../../src/config/problem.ts';

/** The smallest file that loads. */
export const SMALL = `watch: { path: cases }
results: results
database: mqi.db
job: { command: [moqui] }
hosts:
  gpu1: { root: host, slots: [{ name: gpu0 }] }
`;

/** A file in which every map of the schema is there, so that a typo can be put into each of them. */
export const EVERYTHING = `watch: { path: cases, quiet_period: 30s, ready_marker: READY, depth: 1, ignore: [a], rescan_every: 30s }
results: results
database: mqi.db
job: { command: [moqui], collect: [{ glob: a, optional: true }], limit: 24h }
hosts:
  here: { transport: { type: local }, scheduler: { type: direct }, root: host, slots: [{ name: a, count: 2, env: {} }] }
  there:
    transport:
      { type: ssh, host: h, port: 22, user: u, identity: i, passphrase_file: p, known_hosts: k, agent: true,
        config_file: c, max_sessions: 4, connect_timeout: 20s, keepalive: 10s }
    scheduler: { type: pueue, config: /c, path: /p }
    root: /scratch
    prologue: "true"
    env: {}
    observe_every: 10s
    stall_after: 2m
    stop_grace: 10s
    keep: { completed: 7d, failed: 30d }
    stage_ahead: 2
    slots: [{ name: a, queue: q, env: {} }]
web: { listen: 127.0.0.1:8787, token_file: t, hostnames: [mqi] }
notify:
  sinks:
    hook: { type: webhook, on: [case_failed], timeout: 10s, url: 'https://a.example/b', secret_file: s }
    mail:
      { type: email, on: [case_failed], timeout: 10s, smtp: mail, port: 25, security: none, user: u, password_file: p,
        from: a@b, to: [c@d] }
    page: { type: command, on: [case_failed], timeout: 10s, command: [/bin/page] }
  host_unreachable_after: 5m
  disk_free_below: 5 GiB
  near_limit_at: 90
  group_within: 1m
  give_up_after: 24h
keep: { journal: 90d }
log: { level: info }
`;

/** All of a file's folders lie in one, which goes with the file's tests. */
const scratch = mkdtempSync(join(tmpdir(), 'mqi-config-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

export function emptyFolder(): string {
  return mkdtempSync(join(scratch, 'site-'));
}

/** Loads `yaml` as mqi.yaml of a new folder; null: a folder without a file. */
export function loadText(yaml: string | null, rest: Partial<LoadRequest> = {}): LoadOutcome & { cwd: string } {
  const cwd = emptyFolder();
  if (yaml !== null) writeFileSync(join(cwd, 'mqi.yaml'), yaml);
  return { ...loadConfig({ environment: {}, cwd, ...rest }), cwd };
}

export function configOf(outcome: LoadOutcome): Config {
  if (outcome.kind === 'loaded') return outcome.config;
  throw new Error(outcome.problems.map(formatProblem).join('\n'));
}

export function problemsOf(outcome: LoadOutcome): readonly Problem[] {
  return outcome.kind === 'invalid' ? outcome.problems : [];
}

/** As they are printed. */
export function linesOf(outcome: LoadOutcome): readonly string[] {
  return problemsOf(outcome).map(formatProblem);
}
