import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { writeKnownHosts } from '../lab/sshd.ts';
import { connected, describeWithSshd, optionsFor, refusal, sshdForTest, loginsOf } from '../lab/ssh-client.ts';

describeWithSshd('a host key', () => {
  test('that has changed is refused, and nothing is sent', async () => {
    const sshd = await sshdForTest();
    await sshd.replaceHostKey();
    const reason = await refusal(optionsFor(sshd));
    expect(reason).toContain('has CHANGED');
    const shown = execFileSync('ssh-keygen', ['-l', '-f', join(sshd.dir, 'host_ed25519.pub')], { encoding: 'utf8' });
    expect(reason).toContain(shown.split(' ')[1]);
    expect(reason).toContain(
      `ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f ${sshd.knownHosts} && printf '%s\\n' '[127.0.0.1]:${sshd.port} ssh-ed25519 `,
    );
    expect(loginsOf(sshd)).toBe(0);
    // the command that the reason ends with mends it
    execFileSync('sh', ['-c', reason.slice(reason.indexOf('ssh-keygen'))], { stdio: 'ignore' });
    await connected(optionsFor(sshd));
  });

  test('that is unknown is refused, and the command that is named accepts it', async () => {
    const sshd = await sshdForTest();
    writeFileSync(sshd.knownHosts, '');
    const reason = await refusal(optionsFor(sshd));
    expect(reason).toContain('is not known');
    expect(loginsOf(sshd)).toBe(0);
    execFileSync('sh', ['-c', reason.slice(reason.indexOf('printf'))], { stdio: 'ignore' });
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

  test('of a type that the server does not prefer is asked for when only that is recorded', async () => {
    const types = ['ed25519', 'ecdsa', 'rsa'] as const;
    const sshd = await sshdForTest({ hostKeys: types });
    for (const type of types) {
      writeKnownHosts(sshd.knownHosts, sshd.dir, `[127.0.0.1]:${sshd.port}`, [type]);
      await connected(optionsFor(sshd));
    }
  });

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
