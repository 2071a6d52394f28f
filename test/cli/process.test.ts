import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { MAIN } from '../lab/site.ts';
import { asSomebody, cannotRun, isRoot } from '../lab/somebody.ts';
import { tempFolder } from '../store/temp.ts';
import { testSite } from './site.ts';

/** The compiled program as a user runs it, without what the surrounding run has set. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(MQI_|NO_COLOR|FORCE_COLOR)/.test(name)),
);

describe('the compiled program', () => {
  it('is quiet when whoever reads its output has seen enough', () => {
    const site = testSite();
    for (let index = 0; index < 2_000; index += 1) site.admit(`case-${index}`);
    const command = `"$1" "$2" cases list --limit 2000 --config "$3" | head -n 1`;
    const ran = spawnSync('sh', ['-c', command, 'sh', process.execPath, MAIN, site.config], { encoding: 'utf8', env });
    expect([ran.stdout.split('\n').length, ran.stderr]).toEqual([2, '']);
  });

  it('ends with 130 at Ctrl-C while it waits for a case', async () => {
    const site = testSite();
    site.admit('lung');
    const child = spawn(process.execPath, [MAIN, 'cases', 'watch', 'lung', '--config', site.config], { env });
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
  });

  it('runs as a daemon with the built-in defaults, says what is in force, and stops at SIGTERM with 0', async () => {
    const folder = tempFolder();
    const child = spawn(process.execPath, [MAIN, 'run'], { cwd: folder, env });
    let out = '';
    let asked = false;
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      // once: a second signal means at once
      if (!asked && out.includes('watching')) asked = child.kill('SIGTERM');
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    expect([code, out]).toEqual([0, expect.stringContaining('built-in defaults')]);
    expect(out).toContain(join(folder, 'new_cases'));
    expect(existsSync(join(folder, 'var', 'mqi.db'))).toBe(true);
  });
});

describe.skipIf(!isRoot || cannotRun(MAIN) !== null)('another user than the one of the database', () => {
  /** The rights of the database's folder, or of the file; what is asked; what must be said. */
  it.each([
    ['a folder that may not be entered', 'folder', 0o700, ['status'], 'may not enter it'],
    ['a file that may not be read', 'file', 0o600, ['status'], 'may not read it'],
    ['a file that may not be read, for the doctor', 'file', 0o600, ['doctor'], 'may not read it'],
    ['a file that may not be written, to read it while no daemon runs', 'file', 0o644, ['cases', 'list'], 'needs that'],
    ['a file that may not be written, to order', 'file', 0o644, ['cases', 'retry', 'lung'], 'may not write it'],
  ] as const)('is told whose it is and how to ask all the same: %s', (_, which, mode, command, says) => {
    const site = testSite();
    site.admit('lung');
    site.store.close();
    // others may look in, as below /var/lib
    for (const folder of [site.folder, dirname(site.database)]) chmodSync(folder, 0o755);
    const closed = which === 'folder' ? dirname(site.database) : site.database;
    chmodSync(closed, mode);
    const [program, ...args] = [...asSomebody, process.execPath, MAIN, ...command, '--config', site.config];
    const ran = spawnSync(program, args, { encoding: 'utf8', env });
    const said = ran.stdout + ran.stderr;
    expect([ran.status, said]).toEqual([1, expect.stringContaining(says)]);
    expect(said).toContain(`${closed} belongs to `);
    expect(said).toMatch(/next: the same command as its owner: sudo -u \S+ mqi/);
    expect(said).not.toContain('there is no database');
  });
});

describe('mqi demo', () => {
  it('takes three cases to a plotted dose and one to its failure, by a real daemon, and says so', () => {
    const folder = join(tempFolder(), 'demo');
    const ran = spawnSync(process.execPath, [MAIN, 'demo', '--dir', folder], {
      encoding: 'utf8',
      // as a user who has another installation
      env: { ...env, MQI_DATABASE: '/nonexistent/mqi.db' },
    });
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    for (const name of ['brain-100MeV', 'lung-120MeV', 'prostate-150MeV']) {
      const plot = join(folder, 'results', name, 'attempt-1', 'output', 'dose.svg');
      expect(ran.stdout).toContain(plot);
      expect(readFileSync(plot, 'utf8')).toContain('<svg');
      expect(ran.stdout).toMatch(new RegExp(`${name} +collecting → completed`));
    }
    expect(ran.stdout).toMatch(/bad-energy +failed .*outside 10\.\.250 MeV/);
    expect(readFileSync(join(folder, 'daemon.log'), 'utf8')).toContain('stopped');
  });
});
