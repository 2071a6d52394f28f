import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { writable } from '../../src/cli/doctor/folder-checks.ts';
import { runCheck } from '../../src/cli/doctor/check.ts';
import { tempFolder } from '../store/temp.ts';
import { run, testClock, testSite } from './site.ts';

interface Report {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly status: string; readonly repair: string | null }[];
}

const report = (out: string): Report => JSON.parse(out) as Report;
const statusOf = (out: string, name: string): string | undefined =>
  report(out).checks.find((check) => check.name === name)?.status;

describe('mqi doctor', () => {
  it('finds nothing broken in a good installation, on one screen', async () => {
    const site = testSite();
    const { code, out } = await site.run(['doctor']);
    expect(out).toContain('nothing is broken');
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n').length).toBeLessThanOrEqual(24);
  });

  it('names each case that cannot go on, and does not say beside it that nothing is broken', async () => {
    const site = testSite();
    for (const [name, slot] of [
      ['lung', 'gpu.1'],
      ['liver', 'gpu.2'],
    ] as const) {
      site.execute(site.admit(name), slot);
      const observation = { kind: 'unknown', reason: `the claim of ${name} cannot be read` } as const;
      site.drive(name, { type: 'job.observed', observation, sinceMs: null });
    }
    for (const part of ['attempts', 'staging']) mkdirSync(join(site.root, part), { recursive: true });
    writeFileSync(join(site.root, 'owner'), 'test\n');
    const { code, out } = await site.run(['doctor']);
    for (const name of ['lung', 'liver']) {
      expect(out).toMatch(new RegExp(`^warn {2}blocked +${name}: the claim of ${name} cannot be read$`, 'm'));
      expect(out).toContain(`mqi why ${name}`);
    }
    expect(out).toContain('nothing fails, and 2 things above cannot go on alone');
    expect(out).not.toContain('nothing is broken');
    expect(code).toBe(0);
  });

  it('leaves nothing behind', async () => {
    const site = testSite();
    mkdirSync(site.results);
    mkdirSync(site.root);
    await site.run(['doctor']);
    expect([readdirSync(site.results), readdirSync(site.root)]).toEqual([[], []]);
    expect(existsSync(join(site.folder, 'host', 'owner'))).toBe(false);
  });

  it('names what is broken with the command that repairs it, and exits 1', async () => {
    const site = testSite({ watch: { path: 'elsewhere' } });
    mkdirSync(site.root);
    writeFileSync(join(site.root, 'owner'), 'another\n');
    const { code, out } = await site.run(['doctor']);
    expect(code).toBe(1);
    expect(out).toContain(`mkdir -p ${site.folder}/elsewhere`);
    expect(out).toContain('mqi hosts takeover local');
    expect(out).toContain('2 things to repair');
  });

  it('takes a database that cannot be read for one thing to repair, whatever looks into it', async () => {
    const sinks = { ops: { type: 'command', command: ['/bin/true'] } };
    const site = testSite({ notify: { sinks } });
    site.store.close();
    writeFileSync(site.database, 'no database');
    const { code, out } = await site.run(['doctor']);
    expect([code, out]).toEqual([1, expect.stringContaining('1 thing to repair')]);
    expect(out).toMatch(/^info {2}orphans +not checked, because of what database says$/m);
    expect(out).toMatch(/^info {2}sink ops +not checked, because of what database says$/m);
  });

  it('takes what the first start makes for no failure', async () => {
    const { code, out } = await run(['doctor', '--json'], testClock(), tempFolder());
    expect([code, statusOf(out, 'watched folder'), statusOf(out, 'results folder')]).toEqual([0, 'ok', 'ok']);
  });

  it('goes on with what it can look at when the configuration is wrong', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'mqi.yaml'), 'watch: 3\n');
    const { code, out } = await run(['doctor', '--json'], testClock(), folder);
    expect(code).toBe(1);
    expect(statusOf(out, 'configuration')).toBe('fail');
    expect(statusOf(out, 'clock')).toBe('ok');
  });

  it('warns of a clock that runs behind what was recorded', async () => {
    const site = testSite();
    site.admit('lung');
    site.clock.pass(-3_600_000);
    expect(statusOf((await site.run(['doctor', '--json'])).out, 'clock')).toBe('warn');
  });

  it('gives a failure, or nothing, its repair', async () => {
    const site = testSite();
    for (const check of report((await site.run(['doctor', '--json'])).out).checks) {
      const isBroken = check.status === 'warn' || check.status === 'fail';
      expect([check.name, check.repair !== null]).toEqual([check.name, isBroken]);
    }
  });
});

describe('a sink', () => {
  const doctorOf = async (sinks: Readonly<Record<string, unknown>>, env = {}) => {
    const { code, out } = await testSite({ notify: { sinks } }).run(['doctor', '--json'], { env });
    expect(code).toBe(0);
    const checks = (JSON.parse(out) as { checks: { name: string; status: string; found: string }[] }).checks;
    return checks
      .filter(({ name }) => name === 'notifications' || name.startsWith('sink '))
      .map(({ name, status, found }) => `${status} ${name}: ${found}`);
  };
  const secret = (mode: number): string => {
    const file = join(tempFolder(), 'secret');
    writeFileSync(file, 'secret');
    chmodSync(file, mode);
    return file;
  };
  const hook = (secret_file: string) => ({ type: 'webhook', url: 'http://127.0.0.1:9/mqi', secret_file });
  const mail = { type: 'email', smtp: 'localhost', from: 'mqi@here.example', to: ['ada@there.example'] };

  it('that nobody configured is no trouble', async () => {
    expect(await doctorOf({})).toEqual(['info notifications: no sinks configured (notify.sinks)']);
  });

  it('needs a secret that can be read', async () => {
    const [open, none] = [secret(0o644), join(tempFolder(), 'none')];
    const login = (password_file: string) => ({ ...mail, user: 'mqi', password_file });
    const found = await doctorOf({
      fit: hook(secret(0o600)),
      open: hook(open),
      mail,
      login: login(secret(0o600)),
      lost: login(none),
    });
    expect(found).toEqual([
      'ok sink fit: webhook, its secret can be read',
      `warn sink open: nothing can be sent: others can read ${open}: chmod 600 ${open}`,
      'ok sink mail: email, without a login',
      'ok sink login: email, its password can be read',
      expect.stringMatching(/^warn sink lost: nothing can be sent: ENOENT/),
    ]);
  });

  it('that is a program needs one that can be run', async () => {
    const folder = tempFolder();
    const [page, plain] = [join(folder, 'page'), join(folder, 'plain')];
    writeFileSync(page, '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(plain, '#!/bin/sh\n', { mode: 0o644 });
    const of = (...command: readonly string[]) => ({ type: 'command', command });
    const sinks = {
      whole: of(page, 'x'),
      short: of('page'),
      plain: of(plain),
      folder: of(folder),
      none: of('nowhere'),
    };
    expect(await doctorOf(sinks, { PATH: `/nowhere:${folder}` })).toEqual([
      `ok sink whole: command, ${page}`,
      `ok sink short: command, ${page}`,
      `warn sink plain: nothing can be sent: ${plain} is no program that can be run`,
      `warn sink folder: nothing can be sent: ${folder} is no program that can be run`,
      'warn sink none: nothing can be sent: there is no nowhere on the PATH',
    ]);
  });
});

describe('a check', () => {
  it('finds a folder in which nothing can be written', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(writable(join(folder, 'file')).status).toBe('fail');
    expect(writable(join(folder, 'file', 'below')).status).toBe('fail');
    expect(writable('/proc/self').status).toBe('fail');
    expect(writable(folder)).toMatchObject({ status: 'ok', repair: null });
  });

  it('finds a folder of somebody else', () => {
    const folder = tempFolder();
    chmodSync(folder, 0o500);
    // root writes wherever it likes
    expect(writable(folder).status).toBe(process.getuid?.() === 0 ? 'ok' : 'fail');
  });

  it('that throws has failed, by its message', async () => {
    const finding = await runCheck({
      run: () => {
        throw new Error('boom');
      },
    });
    expect(finding).toMatchObject({ status: 'fail', found: 'boom' });
  });
});
