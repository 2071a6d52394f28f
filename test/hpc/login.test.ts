import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { loginsOf } from '../lab/ssh-client.ts';
import { clientConfig, startSshd } from '../lab/sshd.ts';
import type { Daemon } from '../lab/site.ts';
import { COMPUTES, createHpc, describeOnHpc } from './lab.ts';
import type { Hpc, HpcOptions } from './lab.ts';

async function completes(hpc: Hpc, names: readonly string[] = ['case']): Promise<void> {
  for (const name of names) hpc.drop(name, hpc.counting(name, COMPUTES), { data: `dose of ${name}` });
  for (const name of names) {
    expect((await hpc.final(name)).state, name).toBe('completed');
    expect(hpc.dose(name)).toBe(`dose of ${name}`);
    expect(hpc.runs(name)).toBe(1);
  }
}

/** Why the daemon does not see the host, as it shows everywhere: the log, `mqi hosts list` and `mqi why`. */
async function unreachableBecause(hpc: Hpc, daemon: Daemon): Promise<string> {
  const reason = await hpc.until(
    'the host is unreachable',
    () => hpc.host()?.state === 'offline' && hpc.host()?.reason,
  );
  await hpc.in('case', 'waiting');
  await daemon.says(JSON.stringify(reason).slice(1, -1));
  const words = (text: string): string => text.replaceAll(/\s+/g, ' ');
  expect(words((await hpc.mqi('hosts', 'list', '--json')).out)).toContain(JSON.stringify(reason).slice(1, -1));
  const why = await hpc.mqi('why', 'case');
  expect(why.out).toContain(reason);
  expect(why.out).toContain('mqi doctor');
  return reason;
}

describeOnHpc('a host', {}, () => {
  const WORKS: readonly (readonly [string, HpcOptions])[] = [
    [
      'with a noisy login',
      {
        sshd: { bashrc: 'echo Welcome to the cluster; echo "quota: 93 %" >&2; printf "\\033[1m\\036"; alias ls=rm\n' },
      },
    ],
    ['with a slow login', { sshd: { bashrc: 'sleep 1\n' }, proxied: true }],
    ['with MaxStartups 1', { sshd: { config: ['MaxStartups 1'] } }],
  ];
  test.each(WORKS)('%s works like any other', async (name, options) => {
    const hpc = await createHpc(options);
    if (name === 'with a slow login') hpc.proxy.set({ delayMs: 100 });
    hpc.start();
    await completes(hpc);
  });

  test('with MaxSessions 1 works like any other, and its hints neither starve commands nor are starved', async () => {
    // so far apart that only hints tell of a job's end
    const hpc = await createHpc({ sshd: { config: ['MaxSessions 1'] }, observeEvery: '10m' });
    hpc.start();
    await hpc.eventually('hints are followed', () => commandsOf(hpc).some((command) => command.startsWith('tail')));
    await completes(hpc, ['one', 'two', 'three']);
  });

  test('whose logins are all taken is tried again, until one is free', async () => {
    const hpc = await createHpc({ sshd: { config: ['MaxStartups 1'] } });
    const idle = connect(hpc.sshd.port, hpc.sshd.host);
    await new Promise((resolve) => idle.once('data', resolve));
    const daemon = hpc.start();
    hpc.drop('case', hpc.counting('case', COMPUTES), { data: 'dose' });
    expect(await unreachableBecause(hpc, daemon)).toContain('MaxStartups');
    idle.destroy();
    expect((await hpc.final('case')).state).toBe('completed');
    expect(hpc.runs('case')).toBe(1);
  });

  test('behind a jump host works like any other', async () => {
    const bastion = await startSshd({
      config: ['MaxSessions 0', 'AllowTcpForwarding local', 'ForceCommand /usr/sbin/nologin'],
    });
    onTestFinished(() => bastion.stop());
    const hpc = await createHpc();
    const config = clientConfig('hpc', hpc.sshd, ['ProxyJump bastion']) + clientConfig('bastion', bastion);
    writeFileSync(hpc.sshd.configFile, config);
    hpc.start();
    await completes(hpc);
    expect(loginsOf(bastion)).toBeGreaterThan(0);
  });

  test('with a changed key is refused and sent nothing, and works again by the command that the message names', async () => {
    const hpc = await createHpc();
    await hpc.sshd.replaceHostKey();
    hpc.drop('case', hpc.counting('case', COMPUTES), { data: 'dose' });
    const daemon = hpc.start();
    const reason = await unreachableBecause(hpc, daemon);
    expect(reason).toMatch(/has CHANGED.*Nothing was sent/);
    expect(loginsOf(hpc.sshd)).toBe(0);
    expect(existsSync(hpc.root)).toBe(false);
    const command = /confirms the new key: (.*)$/.exec(reason)?.[1];
    execFileSync('sh', ['-c', command!], { stdio: 'ignore' });
    expect((await hpc.final('case')).state).toBe('completed');
    expect(hpc.runs('case')).toBe(1);
  });

  test('that gives SFTP only is refused by name', async () => {
    const hpc = await createHpc({ sshd: { config: ['ForceCommand internal-sftp'] } });
    hpc.drop('case', 'true');
    const daemon = hpc.start();
    expect(await unreachableBecause(hpc, daemon)).toMatch(/SFTP only, and no shell/);
  });

  test('without tar holds its cases back by name, and works once it is there', async () => {
    const path = mkdtempSync(join(tmpdir(), 'mqi-path-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    for (const command of readdirSync('/usr/bin'))
      if (command !== 'tar') symlinkSync(join('/usr/bin', command), join(path, command));
    for (const command of existsSync('/bin/tar') ? readdirSync('/bin') : [])
      if (command !== 'tar' && !existsSync(join(path, command)))
        symlinkSync(join('/bin', command), join(path, command));
    const hpc = await createHpc({ sshd: { env: { PATH: path } } });
    const daemon = hpc.start();
    hpc.drop('case', hpc.counting('case', COMPUTES), { data: 'dose' });
    await hpc.until('it is held up', () => hpc.attempts('case').length > 0 && hpc.caseOf('case').blocked !== null);
    const why = await hpc.mqi('why', 'case');
    expect(why.out).toMatch(/blocked: tar is missing/);
    await daemon.says('tar is missing');
    expect(hpc.caseOf('case').phase).toBe('staging');
    symlinkSync('/usr/bin/tar', join(path, 'tar'));
    expect((await hpc.final('case')).state).toBe('completed');
    expect(hpc.runs('case')).toBe(1);
  });
});

/** What the logins run, by their command lines. */
function commandsOf(hpc: Hpc): string[] {
  return hpc.sshd.sessions().map(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  });
}
