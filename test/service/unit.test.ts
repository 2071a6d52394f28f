import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';

import { loadConfig } from '../../src/config/load.ts';
import { unitOf } from '../../src/daemon/service/unit.ts';
import { takeServiceEnvironment } from '../../src/daemon/service/service-manager.ts';
import { missingParts } from '../lab/parts.mjs';
import { MAIN } from '../lab/site.ts';
import { tempFolder } from '../store/temp.ts';

const isMissing = missingParts().some(({ name }) => name === 'systemd');
const example = join(import.meta.dirname, '..', 'fixtures', 'config', 'full.yaml');

/** A unit as `mqi service print` of a real installation prints it, in a folder whose name is a trap. */
function printed(hosts: object, more: object = {}): { readonly unit: string; readonly folder: string } {
  const folder = join(tempFolder(), 'a b%n$HOME');
  for (const name of ['cases', 'results', 'var', 'host']) mkdirSync(join(folder, name), { recursive: true });
  const config = {
    watch: { path: 'cases' },
    results: 'results',
    database: 'var/mqi.db',
    job: { command: ['true'] },
    hosts,
    ...more,
  };
  writeFileSync(join(folder, 'mqi.yaml'), stringify(config));
  const args = [MAIN, 'service', 'print', '--user', 'root', '--config', join(folder, 'mqi.yaml')];
  return { unit: execFileSync(process.execPath, args, { encoding: 'utf8', env: {} }), folder };
}

const LOCAL = { here: { root: 'host', slots: [{ name: 'gpu0' }] } };
const CREDENTIALS = '/run/credentials/mqi.service';
const REMOTE = {
  gpu1: {
    transport: { type: 'ssh', host: 'gpu1', identity: `${CREDENTIALS}/ssh-key` },
    scheduler: { type: 'pueue' },
    root: '/scratch/mqi',
    slots: [{ name: 'gpu0' }],
  },
};

function analyze(unit: string, ...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const file = join(tempFolder(), 'mqi.service');
  writeFileSync(file, unit);
  const { status, stdout, stderr } = spawnSync('systemd-analyze', [...args, file], { encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

describe.skipIf(isMissing)('systemd-analyze', () => {
  test.each([
    ['jobs of its own', LOCAL],
    ['hosts over ssh', REMOTE],
  ])('verify has nothing to say of the unit of an installation with %s', (_, hosts) => {
    expect(analyze(printed(hosts).unit, 'verify')).toEqual({ status: 0, said: '' });
  });

  test('verify would say it: of an unknown key, and of a program that is not there', () => {
    const { unit } = printed(REMOTE);
    expect(analyze(unit.replace('ProtectClock=', 'ProtectClocks='), 'verify').said).toContain('ProtectClocks');
    expect(analyze(unit.replace('ExecStart=', 'ExecStart=/nowhere'), 'verify').said).toContain('nowhere');
  });

  test('security finds the unit of a daemon without own jobs well closed', () => {
    const { said } = analyze(printed(REMOTE).unit, 'security', '--offline=true', '--no-pager');
    const exposure = Number(/Overall exposure level for .*: ([\d.]+)/.exec(said)?.[1]);
    // of 10; a unit without any of it has 9.6
    expect(exposure).toBeLessThan(4);
    expect(exposure).toBeGreaterThan(0);
  });
});

test('jobs that are children of the daemon are not ended with it, nor shut off from their GPU', () => {
  const { unit } = printed(LOCAL);
  expect(unit).toContain('\nKillMode=process\n');
  expect(unit).not.toMatch(/^(PrivateTmp|PrivateDevices|SystemCallFilter|KillMode=mixed)/m);
  expect(printed(REMOTE).unit).toContain('\nKillMode=mixed\n');
});

test('only what the daemon writes is writable, and blanks, % and $ in paths mean themselves', () => {
  const { unit, folder } = printed(LOCAL);
  const safe = folder.replaceAll('%', '%%');
  expect(unit).toContain(`\nReadWritePaths="${safe}/var" "${safe}/results" "${safe}/host"\n`);
  expect(unit).toContain(`\nWorkingDirectory=${safe}\n`);
  expect(unit).toContain(` run --config "${safe.replaceAll('$', '$$$$')}/mqi.yaml"\n`);
});

test('each secret that the configuration expects from systemd is loaded, and no other', () => {
  const notify = {
    sinks: {
      ops: { type: 'webhook', url: 'https://a.example', secret_file: `${CREDENTIALS}/webhook-secret` },
      other: { type: 'webhook', url: 'https://b.example', secret_file: '/etc/mqi/other' },
    },
  };
  const { unit } = printed(REMOTE, { notify });
  expect([...unit.matchAll(/^LoadCredential=(.*)$/gm)].map((match) => match[1])).toEqual([
    'ssh-key:/etc/mqi/credentials/ssh-key',
    'webhook-secret:/etc/mqi/credentials/webhook-secret',
  ]);
});

test('docs/systemd/mqi.service is what is printed for the configuration of the README', () => {
  const outcome = loadConfig({ file: example, environment: {}, cwd: '/' });
  if (outcome.kind !== 'loaded') throw new Error('it should load');
  const unit = unitOf(
    { ...outcome.config, file: '/etc/mqi/mqi.yaml' },
    { user: 'mqi', program: ['/usr/bin/mqi'], guide: '/usr/lib/node_modules/mqi-communicator/docs/operations.md' },
  );
  expect(readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'systemd', 'mqi.service'), 'utf8')).toBe(unit);
});

test('what systemd says is taken out of the environment, and a watchdog that is meant for another is none', () => {
  const env = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '120000000', WATCHDOG_PID: '7', PATH: '/bin' };
  expect(takeServiceEnvironment({ ...env }, 7)).toEqual({ socket: '/run/x', watchdogMs: 120_000 });
  expect(takeServiceEnvironment({ ...env }, 8)).toEqual({ socket: '/run/x', watchdogMs: null });
  expect(takeServiceEnvironment({ PATH: '/bin' }, 7)).toBe(null);
  const taken: NodeJS.ProcessEnv = { ...env };
  takeServiceEnvironment(taken, 7);
  expect(taken).toEqual({ PATH: '/bin' });
});
