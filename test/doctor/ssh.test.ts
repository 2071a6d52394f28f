import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { isRoot } from '../lab/somebody.ts';
import { describeWithSshd, sshdForTest } from '../lab/ssh-client.ts';
import { makeKey, writeKnownHosts } from '../lab/sshd.ts';
import { INSTANCE, examined, hostConfig, rootForTest, sshTo } from './hosts.ts';

describeWithSshd('a host over ssh', () => {
  it('whose key is unknown is told the fingerprint and the command that accepts it, and nothing else', async () => {
    const sshd = await sshdForTest();
    writeFileSync(sshd.knownHosts, '');
    const host = hostConfig({ transport: sshTo(sshd), root: rootForTest() });
    const report = await examined(host);
    const { status, found, repair } = report.of('host key');
    const fingerprint = execFileSync('ssh-keygen', ['-lf', join(sshd.dir, 'host_ed25519.pub')], { encoding: 'utf8' });
    expect([status, report.names('fail')]).toEqual(['fail', ['host key']]);
    expect(found).toContain(fingerprint.split(' ')[1]);
    const [type, key] = readFileSync(join(sshd.dir, 'host_ed25519.pub'), 'utf8').split(' ');
    const command = `printf '%s\\n' '[127.0.0.1]:${sshd.port} ${type} ${key}' >> ${sshd.knownHosts}`;
    expect(repair).toBe(`Compare it with what the administrator of the host says, then: ${command}`);
    expect(report.findings.filter(({ name }) => name === 'not checked').map((each) => each.found)).toEqual([
      'login',
      'sessions, clock, tools, root, owner, space, gpu',
    ]);
    execFileSync('sh', ['-c', command], { stdio: ['ignore', 'ignore', 'ignore'] });
    expect((await examined(host)).names('fail')).toEqual([]);
  });

  it('whose key has changed is told so, with the command that forgets the old one', async () => {
    const sshd = await sshdForTest();
    await sshd.replaceHostKey();
    const { found, repair } = (await examined(hostConfig({ transport: sshTo(sshd) }))).of('host key');
    expect(found).toContain('CHANGED');
    expect(repair).toMatch(
      /^Only if the administrator of the host confirms the new key: ssh-keygen -R \S+ -f \S+ && printf '%s\\n' /,
    );
  });

  it('whose key only a certificate authority vouches for is told the line to record', async () => {
    const sshd = await sshdForTest();
    const key = readFileSync(join(sshd.dir, 'host_ed25519.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(sshd.knownHosts, `@cert-authority * ${key}\n`);
    const report = await examined(hostConfig({ transport: sshTo(sshd) }));
    expect(report.of('ssh config').found).toContain('host certificates of hpc');
    expect(report.of('host key').repair).toContain(`printf '%s\\n' '[127.0.0.1]:${sshd.port} ${key}' >> `);
  });

  it('that does not take the key is told which were tried', async () => {
    const sshd = await sshdForTest();
    const identity = join(sshd.dir, 'wrong');
    makeKey(identity, 'ed25519');
    const report = await examined(hostConfig({ transport: sshTo(sshd, { identity }) }));
    const { found, repair } = report.of('login');
    expect(report.names('fail')).toEqual(['login']);
    expect(found).toContain(`tried ${identity} (ssh-ed25519 SHA256:`);
    expect(repair).toBe(`ssh -v -F ${sshd.configFile} -i ${identity} hpc true`);
  });

  it('that gives SFTP only is told so', async () => {
    const sshd = await sshdForTest({ config: ['ForceCommand internal-sftp'] });
    const report = await examined(hostConfig({ transport: sshTo(sshd) }));
    expect(report.names('fail')).toEqual(['login']);
    expect(report.of('login').found).toContain('SFTP only');
    expect(report.of('login').repair).toBe(`ssh -v -F ${sshd.configFile} hpc true`);
  });

  it('that is not there is one failure', async () => {
    const sshd = await sshdForTest();
    await sshd.stopListening();
    const report = await examined(hostConfig({ transport: sshTo(sshd) }));
    expect(report.names('fail')).toEqual(['login']);
    expect(report.of('login').found).toContain('refused the connection');
  });

  it('with few sessions is warned, and told what to set', async () => {
    const sshd = await sshdForTest({ config: ['MaxSessions 2'] });
    const { status, found, repair } = (await examined(hostConfig({ transport: sshTo(sshd), root: rootForTest() }))).of(
      'sessions',
    );
    expect([status, found]).toEqual(['warn', expect.stringContaining('gives 2 of 4')]);
    expect(repair).toContain('hosts.hpc.transport.max_sessions to 2');
  });

  it('that takes one login at a time has no fault', async () => {
    const sshd = await sshdForTest({ config: ['MaxStartups 1'] });
    const report = await examined(hostConfig({ transport: sshTo(sshd), root: rootForTest() }));
    expect(report.names('fail'), report.shown).toEqual([]);
    expect(report.of('sessions').status).toBe('ok');
  });

  it.each([
    ['now and then', [1, 4], 'ok', /in each of two connections/],
    ['but the first login', [0], 'warn', /^no second connection, for transfers: .*too many logins at once/],
  ] as const)('that turns away all %s is asked again, and warned of at most', async (_, admitted, status, found) => {
    const sshd = await sshdForTest();
    writeKnownHosts(sshd.knownHosts, sshd.dir, '*', ['ed25519']);
    const door = await doorOf(sshd, (knock) => (admitted as readonly number[]).includes(knock));
    const report = await examined(hostConfig({ transport: sshTo(sshd, { port: door.port }), root: rootForTest() }));
    expect(report.names('fail'), report.shown).toEqual([]);
    expect(report.of('login').status).toBe('ok');
    expect(report.of('sessions')).toMatchObject({ status, found: expect.stringMatching(found) as string });
    expect(door.knocks()).toBe(admitted.at(-1) === 0 ? 6 : 5);
  });

  it('has named what its ssh config asks for in vain', async () => {
    const sshd = await sshdForTest();
    const certificate = `${sshd.clientKey}-cert.pub`;
    writeFileSync(certificate, 'ssh-ed25519-cert-v01@openssh.com AAAA nobody\n');
    const { status, found, repair } = (await examined(hostConfig({ transport: sshTo(sshd), root: rootForTest() }))).of(
      'ssh config',
    );
    expect([status, found]).toEqual(['warn', expect.stringContaining('certificate')]);
    expect(repair).toContain('ssh-copy-id');
  });

  it('that another installation owns is told how to take it over', async () => {
    const sshd = await sshdForTest();
    const root = rootForTest();
    const host = hostConfig({ transport: sshTo(sshd), root });
    writeFileSync(join(root, 'owner'), 'theirs\n');
    const { status, found, repair } = (await examined(host)).of('owner');
    expect([status, found]).toEqual(['fail', `${root}/owner names installation theirs, and this one is ours`]);
    expect(repair).toContain('mqi hosts takeover hpc');
    writeFileSync(join(root, 'owner'), `${INSTANCE}\n`);
    expect((await examined(host)).of('owner')).toMatchObject({ status: 'ok', found: 'this installation (ours)' });
  });

  it('that does not answer is given up in time, and says what was not found out', async () => {
    const sshd = await sshdForTest();
    const bin = join(sshd.dir, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'date'), '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    writeFileSync(join(sshd.home, '.bashrc'), `PATH=${bin}:$PATH\n`);
    const report = await examined(hostConfig({ transport: sshTo(sshd), root: rootForTest() }), { limitMs: 3_000 });
    expect(report.of('login').status).toBe('ok');
    expect(report.of('tools')).toMatchObject({ status: 'fail', found: 'no answer within 3 s' });
    expect(report.of('not checked').found).toContain('root, owner');
  });

  it('that listens but never answers is given up in time', async () => {
    const sshd = await sshdForTest();
    sshd.kill('SIGSTOP', 'listener');
    const begun = performance.now();
    const report = await examined(hostConfig({ transport: sshTo(sshd) }), { limitMs: 1_000 });
    sshd.kill('SIGCONT', 'listener');
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(report.names('fail')).toEqual(['login']);
    expect(report.of('login').found).toContain('no answer within 1 s');
  });

  it.skipIf(isRoot)('whose root cannot be written is told who should own it', async () => {
    const sshd = await sshdForTest();
    const { status, repair } = (await examined(hostConfig({ transport: sshTo(sshd), root: '/mqi' }))).of('root');
    expect([status, repair]).toEqual(['fail', expect.stringContaining('sudo install -d')]);
  });
});

/** A way to the server that lets only some connections in, by number, and closes the others as `MaxStartups` does. */
async function doorOf(sshd: { readonly host: string; readonly port: number }, admits: (knock: number) => boolean) {
  let knocks = 0;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    open.add(near);
    near.on('error', () => {});
    if (!admits(knocks++)) return near.end('Exceeded MaxStartups\r\n');
    const far = connect(sshd.port, sshd.host);
    far.on('error', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, knocks: () => knocks };
}
