import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { startSshAgent } from '../lab/ssh-agent.ts';
import { clientConfig, makeKey } from '../lab/sshd.ts';
import { connected, describeWithSshd, optionsFor, refusal, sshdForTest } from '../lab/ssh-client.ts';

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
    expect(reason).toContain(`Try: ssh -v -F ${sshd.configFile} hpc true`);
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
