import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { testSite } from './site.ts';
import type { TestSite } from './site.ts';

function collect(site: TestSite, name: string, attempt: number, files: Readonly<Record<string, string>>): void {
  const folder = join(site.results, name, `attempt-${attempt}`);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
}

function onHost(site: TestSite, token: string, text: string): string {
  const folder = join(site.root, 'attempts', token);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'stdout'), text);
  return join(folder, 'stdout');
}

describe('mqi cases logs', () => {
  it('prints what was collected, and says where the errors are when there are some', async () => {
    const site = testSite();
    const id = site.admit('lung');
    site.execute(id);
    site.finish(id, 3);
    collect(site, 'lung', 1, { stdout: 'one\ntwo\n', stderr: 'bad input\n' });
    const ran = await site.run(['cases', 'logs', 'lung']);
    expect([ran.code, ran.out]).toEqual([0, 'one\ntwo\n']);
    expect(ran.err).toContain(`mqi cases logs ${id} --stderr`);
    const errors = await site.run(['cases', 'logs', 'lung', '--stderr']);
    expect([errors.out, errors.err]).toEqual(['bad input\n', '']);
  });

  it('gives a pipe every byte, and lets a terminal obey colours alone', async () => {
    const site = testSite();
    const id = site.admit('lung');
    site.execute(id);
    site.finish(id, 0);
    collect(site, 'lung', 1, { stdout: 'a\u001b[2Jb\u001b[32mc\u001b[0m\n', stderr: '' });
    expect((await site.run(['cases', 'logs', 'lung'])).out).toBe('a\u001b[2Jb\u001b[32mc\u001b[0m\n');
    expect((await site.run(['cases', 'logs', 'lung'], { tty: true })).out).toBe('a\\x1b[2Jb\u001b[32mc\u001b[0m\n');
  });

  it('reads the output of a running job where it runs on this machine', async () => {
    const site = testSite();
    const token = site.execute(site.admit('lung'));
    onHost(site, token, '20 %\n');
    expect((await site.run(['cases', 'logs', 'lung'])).out).toBe('20 %\n');
  });

  it('follows a job to its end, with all that it wrote last', async () => {
    const site = testSite();
    const id = site.admit('lung');
    const token = site.execute(id);
    const file = onHost(site, token, '1\n');
    const steps = [
      () => appendFileSync(file, '2\n'),
      () => {
        appendFileSync(file, '3\n');
        site.finish(id, 0);
      },
    ];
    site.clock.during = () => steps.shift()?.();
    const ran = await site.run(['cases', 'logs', 'lung', '--follow']);
    expect([ran.code, ran.out]).toEqual([0, '1\n2\n3\n']);
  });

  it('waits with --follow for a job that has not begun', async () => {
    const site = testSite();
    const id = site.admit('lung');
    const steps = [
      () => void site.execute(id),
      () => void onHost(site, `mqi-test-${id}-1-aaaaaaaa`, 'begun\n'),
      () => site.finish(id, 0),
    ];
    site.clock.during = () => steps.shift()?.();
    const ran = await site.run(['cases', 'logs', 'lung', '-f']);
    expect([ran.code, ran.out]).toEqual([0, 'begun\n']);
  });

  it('says why there is nothing yet, and that later there may be', async () => {
    const site = testSite();
    site.admit('lung');
    const ran = await site.run(['cases', 'logs', 'lung']);
    expect(ran.code).toBe(75);
    expect(ran.err).toMatch(/waits for its turn/);
  });

  it('names the file on a host that is another machine', async () => {
    const site = testSite({
      hosts: {
        local: {
          transport: { type: 'ssh', host: 'gpu1.example', config_file: '/etc/mqi/ssh config', user: 'mqi' },
          root: '~/my runs',
          slots: [{ name: 'gpu.1' }],
        },
      },
    });
    const token = site.execute(site.admit('lung'));
    const { code, err } = await site.run(['cases', 'logs', 'lung']);
    expect(code).toBe(75);
    const tail = `tail -n +1 -f "$HOME"'\\''/my runs/attempts/${token}/stdout'\\'''`;
    expect(err).toContain(`ssh -F '/etc/mqi/ssh config' -l mqi gpu1.example '${tail}`);
  });

  it('knows no attempt that never was', async () => {
    const site = testSite();
    site.admit('lung');
    expect((await site.run(['cases', 'logs', 'lung', '--attempt', '2'])).code).toBe(66);
    expect((await site.run(['cases', 'logs', 'lung', '--attempt', 'x'])).code).toBe(66);
  });
});
