import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { clientConfig, freePort, makeKey, writeKnownHosts } from '../lab/sshd.ts';
import type { Sshd } from '../lab/sshd.ts';
import {
  ask,
  connected,
  describeWithSshd,
  linkForTest,
  never,
  optionsFor,
  proxyForTest,
  refusal,
  sshdForTest,
} from '../lab/ssh-client.ts';
import { startSshAgent } from '../lab/ssh-agent.ts';

/** How many logins the server saw go through. */
function logins(sshd: Sshd): number {
  return sshd.log().match(/Accepted publickey/g)?.length ?? 0;
}

describeWithSshd('a host key', () => {
  test('that has changed is refused, and nothing is sent', async () => {
    const sshd = await sshdForTest();
    await sshd.replaceHostKey();
    const reason = await refusal(optionsFor(sshd));
    expect(reason).toContain('has CHANGED');
    const shown = execFileSync('ssh-keygen', ['-l', '-f', join(sshd.dir, 'host_ed25519.pub')], { encoding: 'utf8' });
    expect(reason).toContain(shown.split(' ')[1]);
    expect(reason).toContain(
      `ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f ${sshd.knownHosts} && ssh-keyscan -p ${sshd.port}`,
    );
    expect(logins(sshd)).toBe(0);
    // the command that the reason ends with mends it
    execFileSync('sh', ['-c', reason.slice(reason.indexOf('ssh-keygen'))], { stdio: 'ignore' });
    await connected(optionsFor(sshd));
  });

  test('that is unknown is refused, and the command that is named accepts it', async () => {
    const sshd = await sshdForTest();
    writeFileSync(sshd.knownHosts, '');
    const reason = await refusal(optionsFor(sshd));
    expect(reason).toContain('is not known');
    expect(logins(sshd)).toBe(0);
    execFileSync('sh', ['-c', reason.slice(reason.indexOf('ssh-keyscan'))], { stdio: 'ignore' });
    await connected(optionsFor(sshd));
  });

  test('is refused when the server is revoked', async () => {
    const sshd = await sshdForTest();
    appendFileSync(sshd.knownHosts, `@revoked * ${readFileSync(join(sshd.dir, 'host_ed25519.pub'), 'utf8')}`);
    expect(await refusal(optionsFor(sshd))).toContain('is revoked by');
  });

  test('is found under a hashed name', async () => {
    const sshd = await sshdForTest();
    execFileSync('ssh-keygen', ['-H', '-f', sshd.knownHosts], { stdio: 'ignore' });
    await connected(optionsFor(sshd));
  });

  test.each(['ed25519', 'ecdsa', 'rsa'] as const)(
    'of type %s is asked for when only that is recorded',
    async (type) => {
      const sshd = await sshdForTest({ hostKeys: ['rsa', 'ecdsa', 'ed25519'] });
      writeKnownHosts(sshd.knownHosts, sshd.dir, `[127.0.0.1]:${sshd.port}`, [type]);
      await connected(optionsFor(sshd));
    },
  );

  test('of a type that is not recorded is unknown, and the recorded one is named', async () => {
    const sshd = await sshdForTest({ hostKeys: ['ecdsa'] });
    const [keyType, key] = readFileSync(`${sshd.clientKey}.pub`, 'utf8').split(' ');
    writeFileSync(sshd.knownHosts, `[127.0.0.1]:${sshd.port} ${keyType} ${key}\n`);
    expect(await refusal(optionsFor(sshd))).toMatch(/is not known \(ED25519 is recorded for it/);
  });

  test('is looked up by HostKeyAlias', async () => {
    const sshd = await sshdForTest();
    writeKnownHosts(sshd.knownHosts, sshd.dir, 'cluster', ['ed25519']);
    appendFileSync(sshd.configFile, '  HostKeyAlias cluster\n');
    await connected(optionsFor(sshd));
  });

  test('that comes on a known_hosts nobody can read says so', async () => {
    const sshd = await sshdForTest();
    expect(await refusal(optionsFor(sshd, { knownHosts: sshd.dir }))).toMatch(/cannot be read \(EISDIR\)/);
  });
});

describeWithSshd('a login', () => {
  test('with the key of the ssh config works, and so it does with nothing but options', async () => {
    const sshd = await sshdForTest();
    await connected(optionsFor(sshd));
    const plain = {
      host: sshd.host,
      port: sshd.port,
      user: sshd.user,
      identity: sshd.clientKey,
      knownHosts: sshd.knownHosts,
    };
    const { warnings } = await connected(optionsFor(sshd, { ...plain, configFile: '/dev/null' }));
    expect(warnings).toEqual([]);
  });

  test('by a key of the agent works, also when the config names its public half', async () => {
    const sshd = await sshdForTest();
    const agent = await startSshAgent();
    onTestFinished(() => agent.stop());
    const other = join(sshd.dir, 'other');
    makeKey(other, 'ed25519');
    agent.add(other);
    agent.add(sshd.clientKey);
    const places = { ...sshd, clientKey: `${sshd.clientKey}.pub` };
    writeFileSync(sshd.configFile, clientConfig('hpc', places, [`IdentityAgent ${agent.socket}`]));
    await connected(optionsFor(sshd, { agent: true }));
    expect(await refusal(optionsFor(sshd, { agent: false }))).toContain('the agent does not have its private half');
  });

  test('tries the other keys of the agent too, unless the config says not to', async () => {
    const sshd = await sshdForTest();
    const agent = await startSshAgent();
    onTestFinished(() => agent.stop());
    agent.add(sshd.clientKey);
    const missing = { ...sshd, clientKey: join(sshd.dir, 'missing') };
    const lines = clientConfig('hpc', missing, [`IdentityAgent ${agent.socket}`]);
    writeFileSync(sshd.configFile, lines);
    const reason = await refusal(optionsFor(sshd, { agent: true }));
    expect(reason).toMatch(/no key was tried.*missing: no such file|1 other keys of the agent/);
    writeFileSync(sshd.configFile, lines.replace('IdentitiesOnly yes', 'IdentitiesOnly no'));
    await connected(optionsFor(sshd, { agent: true }));
  });

  test('goes on to the key files when the agent does not answer', async () => {
    const sshd = await sshdForTest();
    appendFileSync(sshd.configFile, `  IdentityAgent ${join(sshd.dir, 'nobody')}\n`);
    await connected(optionsFor(sshd, { agent: true }));
  });

  test.each(['ed25519', 'ecdsa', 'rsa'] as const)(
    'with an encrypted %s key takes the passphrase from its file',
    async (type) => {
      const sshd = await sshdForTest();
      const identity = join(sshd.dir, 'locked');
      makeKey(identity, type, 'open sesame');
      appendFileSync(join(sshd.dir, 'authorized_keys'), readFileSync(`${identity}.pub`));
      const passphraseFile = join(sshd.dir, 'passphrase');
      writeFileSync(passphraseFile, 'open sesame\n');
      await connected(optionsFor(sshd, { identity, passphraseFile }));
    },
  );

  test('with an encrypted key and no, or the wrong, passphrase says which it is', async () => {
    const sshd = await sshdForTest();
    const identity = join(sshd.dir, 'locked');
    makeKey(identity, 'ed25519', 'open sesame');
    expect(await refusal(optionsFor(sshd, { identity }))).toMatch(/no key was tried.*encrypted.*ssh-add/);
    const passphraseFile = join(sshd.dir, 'passphrase');
    writeFileSync(passphraseFile, 'sesame');
    expect(await refusal(optionsFor(sshd, { identity, passphraseFile }))).toContain('does not open it');
    expect(await refusal(optionsFor(sshd, { identity, passphraseFile: '/nowhere' }))).toContain(
      'passphrase file cannot be read',
    );
  });

  test('that the host does not want names the keys that were tried and what the host takes', async () => {
    const sshd = await sshdForTest();
    writeFileSync(join(sshd.dir, 'authorized_keys'), '');
    const reason = await refusal(optionsFor(sshd));
    expect(reason).toMatch(/lets nobody in: tried .*client_ed25519 \(ssh-ed25519 SHA256:/);
    expect(reason).toContain('ssh -v hpc true');
  });

  test('to a host that takes no keys at all says what it takes', async () => {
    const sshd = await sshdForTest({ config: ['PubkeyAuthentication no', 'PasswordAuthentication yes'] });
    expect(await refusal(optionsFor(sshd))).toMatch(/the host takes only password/);
  });

  test('to a host that wants a second factor says so', async () => {
    const sshd = await sshdForTest({
      config: ['AuthenticationMethods publickey,password', 'PasswordAuthentication yes'],
    });
    expect(await refusal(optionsFor(sshd))).toMatch(/asks for a second factor \(password\)/);
  });

  test('with more keys than the host has patience for says to name one', async () => {
    const sshd = await sshdForTest({ config: ['MaxAuthTries 1'] });
    const agent = await startSshAgent();
    onTestFinished(() => agent.stop());
    for (const name of ['one', 'two']) {
      makeKey(join(sshd.dir, name), 'ed25519');
      agent.add(join(sshd.dir, name));
    }
    const config = readFileSync(sshd.configFile, 'utf8').replace('IdentitiesOnly yes', `IdentityAgent ${agent.socket}`);
    writeFileSync(sshd.configFile, config);
    expect(await refusal(optionsFor(sshd, { agent: true }))).toMatch(/too many keys.*Set identity/);
  });

  test('with a hardware key as the only one says that it is not supported', async () => {
    const sshd = await sshdForTest();
    const blob = Buffer.concat([lengthed('sk-ssh-ed25519@openssh.com'), lengthed('x'.repeat(32)), lengthed('ssh:')]);
    const identity = join(sshd.dir, 'id_sk');
    writeFileSync(`${identity}.pub`, `sk-ssh-ed25519@openssh.com ${blob.toString('base64')} yubikey\n`);
    writeFileSync(identity, '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n');
    expect(await refusal(optionsFor(sshd, { identity }))).toContain('a hardware key, which is not supported');
  });
});

function lengthed(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
}

describeWithSshd('a host that gives no shell', () => {
  test.each([
    ['SFTP only', ['ForceCommand internal-sftp'], /gives SFTP only.*This service allows sftp connections only/],
    [
      'maintenance',
      ['ForceCommand echo "down until Monday" >&2; exit 254'],
      /did not run the command.*down until Monday \(exit 254\)/,
    ],
    ['no sessions', ['MaxSessions 0'], /gives no session \(MaxSessions/],
    ['a forced command that is killed', ['ForceCommand kill -9 $$'], /said nothing \(SIGKILL\)/],
  ])('(%s) is no connection', async (_name, config, reason) => {
    const sshd = await sshdForTest({ config });
    expect(await refusal(optionsFor(sshd))).toMatch(reason);
  });

  test('because a login script waits for input is named when the time is over', async () => {
    const sshd = await sshdForTest({ bashrc: 'sleep 20\n' });
    expect(await refusal(optionsFor(sshd, { connectTimeoutMs: 600 }))).toMatch(/within 0.6 s.*login script/);
  });
});

describeWithSshd('a connection', () => {
  test('that is refused says so at once', async () => {
    const sshd = await sshdForTest();
    await sshd.stopListening();
    const before = performance.now();
    expect(await refusal(optionsFor(sshd))).toContain('no SSH server listens there');
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  test('to a name without an address says so', async () => {
    const sshd = await sshdForTest();
    expect(await refusal(optionsFor(sshd, { host: 'no-such-host.invalid' }))).toMatch(/no address for|name service/);
  });

  test('to a hung server ends in time and says how far it came', async () => {
    const sshd = await sshdForTest();
    sshd.kill('SIGSTOP', 'listener');
    expect(await refusal(optionsFor(sshd, { connectTimeoutMs: 500 }))).toMatch(
      /within 0.5 s.*did not answer as an SSH server/,
    );
  });

  test('while another login fills the server is refused, and works when that is gone', async () => {
    const sshd = await sshdForTest({ config: ['MaxStartups 1'] });
    const idle = connect(sshd.port, sshd.host);
    await new Promise((resolve) => idle.once('data', resolve));
    const { link } = linkForTest(optionsFor(sshd));
    expect(await link.connect(never)).toMatchObject({ kind: 'failed', reason: expect.stringContaining('MaxStartups') });
    idle.destroy();
    await expect.poll(() => link.connect(never)).toEqual({ kind: 'connected' });
    // the bulk connection is a second login, after the first has ended
    expect(await ask(link, 'echo bulk', { channel: 'bulk' })).toMatchObject({ exitCode: 0, stdout: 'bulk\n' });
  });

  test('after a slow login works, if the time allows it', async () => {
    const sshd = await sshdForTest({ bashrc: 'sleep 0.5\n' });
    await connected(optionsFor(sshd));
  });

  test('is made once, however many ask for it, and given up when none of them waits any more', async () => {
    const sshd = await sshdForTest();
    const { link } = linkForTest(optionsFor(sshd));
    const impatient = new AbortController();
    const outcomes = [link.connect(never), link.connect(impatient.signal), link.connect(never)];
    impatient.abort();
    const [first, second, third] = await Promise.all(outcomes);
    expect([first, third]).toEqual([{ kind: 'connected' }, { kind: 'connected' }]);
    expect(second).toEqual({ kind: 'failed', reason: 'aborted' });
    expect(await link.connect(never)).toEqual({ kind: 'connected' });
    expect(logins(sshd)).toBe(1);

    const proxy = await proxyForTest(sshd);
    proxy.set({ stall: 'both' });
    const stalled = linkForTest(optionsFor(sshd, { port: proxy.port })).link;
    const alone = new AbortController();
    const outcome = stalled.connect(alone.signal);
    await expect.poll(proxy.open).toBe(1);
    alone.abort();
    expect(await outcome).toEqual({ kind: 'failed', reason: 'aborted' });
    await expect.poll(proxy.open).toBe(0);
  });

  test('cut at any byte of its making fails with a reason, and the next one works', async () => {
    const sshd = await sshdForTest();
    const CUTS = 8;
    const measured = await proxyForTest(sshd);
    writeKnownHosts(sshd.knownHosts, sshd.dir, '*', ['ed25519']);
    await connected(optionsFor(sshd, { port: measured.port }));
    const { up } = measured.counts;
    for (let cut = 0; cut < CUTS; cut++) {
      const proxy = await proxyForTest(sshd);
      proxy.set({ cutAfter: { up: Math.max(1, Math.floor((up * cut) / CUTS)) } });
      const { link, lost } = linkForTest(optionsFor(sshd, { port: proxy.port }));
      expect(await link.connect(never)).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/./) });
      expect(lost).toEqual([]);
      proxy.set({ cutAfter: {} });
      expect(await link.connect(never)).toEqual({ kind: 'connected' });
    }
  });

  test('is not made after close', async () => {
    const sshd = await sshdForTest();
    const { link, lost } = await connected(optionsFor(sshd));
    await link.close();
    expect(lost).toEqual([]);
    expect(await link.connect(never)).toEqual({ kind: 'failed', reason: 'the transport was closed' });
    await expect(link.spawn('true', 'control')).rejects.toThrow('the transport was closed');
    await expect.poll(() => sshd.sessions().length).toBe(0);
  });
});

describeWithSshd('a host behind a jump host', () => {
  async function behind(bastion: Sshd, target: Sshd, more = ''): Promise<void> {
    const jump = clientConfig('bastion', bastion);
    writeFileSync(target.configFile, `${clientConfig('hpc', target, ['ProxyJump bastion'])}${jump}${more}`);
  }

  const BASTION = ['MaxSessions 0', 'AllowTcpForwarding local', 'ForceCommand /usr/sbin/nologin'];

  test('is reached through it, each with its own key and host key', async () => {
    const [bastion, target] = [await sshdForTest({ config: BASTION }), await sshdForTest()];
    await behind(bastion, target);
    const { link } = await connected(optionsFor(target));
    expect(await ask(link, 'echo there')).toMatchObject({ exitCode: 0, stdout: 'there\n' });
    expect([logins(bastion), logins(target)]).toEqual([1, 1]);
  });

  test('is reached through two of them', async () => {
    const [outer, inner, target] = [
      await sshdForTest({ config: BASTION }),
      await sshdForTest({ config: BASTION }),
      await sshdForTest(),
    ];
    const config = [
      clientConfig('hpc', target, ['ProxyJump outer,inner']),
      clientConfig('outer', outer),
      clientConfig('inner', inner),
    ];
    writeFileSync(target.configFile, config.join(''));
    const { link } = await connected(optionsFor(target));
    expect(await ask(link, 'echo far')).toMatchObject({ exitCode: 0, stdout: 'far\n' });
  });

  test('with a changed key is refused by the line to write, not by a scan that cannot reach it', async () => {
    const [bastion, target] = [await sshdForTest({ config: BASTION }), await sshdForTest()];
    await behind(bastion, target);
    writeFileSync(target.knownHosts, '');
    expect(await refusal(optionsFor(target))).toContain(`echo '[127.0.0.1]:${target.port} ssh-ed25519`);
  });

  test('that forbids the way, or cannot go it, is named', async () => {
    const [bastion, target] = [await sshdForTest({ config: ['AllowTcpForwarding no'] }), await sshdForTest()];
    await behind(bastion, target);
    expect(await refusal(optionsFor(target))).toMatch(/jump host cannot reach .* forbids forwarding/);
    const open = await sshdForTest({ config: BASTION });
    await behind(open, { ...target, port: await freePort() });
    expect(await refusal(optionsFor(target))).toMatch(/jump host cannot reach .*Connection refused/);
  });
});
