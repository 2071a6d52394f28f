import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { systemClock } from '../../src/daemon/clock.ts';
import { inspectSsh } from '../../src/transport/ssh-inspect.ts';
import type { SshInspection } from '../../src/transport/ssh-inspect.ts';
import type { SshOptions } from '../../src/transport/ssh-options.ts';
import { startSshAgent } from '../lab/ssh-agent.ts';
import { clientConfig, makeKey } from '../lab/sshd.ts';
import { describeWithSshd, never, optionsFor, sshdForTest } from '../lab/ssh-client.ts';

function inspect(options: SshOptions): Promise<SshInspection> {
  return inspectSsh(options, { clock: systemClock }, never);
}

describeWithSshd('the inspection of a host', () => {
  test('shows what a connection would use, without making one', async () => {
    const sshd = await sshdForTest();
    const { hops, unsupported, problems } = await inspect(optionsFor(sshd));
    expect({ unsupported, problems }).toEqual({ unsupported: [], problems: [] });
    expect(hops).toEqual([
      {
        name: 'hpc',
        place: `${sshd.user}@127.0.0.1:${sshd.port}`,
        keys: [expect.stringMatching(/client_ed25519 \(ssh-ed25519 SHA256:/)],
        leftOut: [],
        knownHosts: [sshd.knownHosts, '/dev/null'],
        recordedKeys: ['ssh-ed25519'],
      },
    ]);
    expect(sshd.log()).not.toContain('Connection from');
  });

  test("lists the keys in OpenSSH's order: those of both file and agent, the agent's others, the files", async () => {
    const sshd = await sshdForTest();
    const agent = await startSshAgent();
    onTestFinished(() => agent.stop());
    const [other, both] = [join(sshd.dir, 'other'), join(sshd.dir, 'both')];
    makeKey(other, 'ed25519');
    makeKey(both, 'ecdsa');
    agent.add(other);
    agent.add(both);
    const lines = clientConfig('hpc', sshd, [`IdentityFile ${both}`, `IdentityAgent ${agent.socket}`]);
    writeFileSync(sshd.configFile, lines.replace('IdentitiesOnly yes', 'IdentitiesOnly no'));
    const { hops } = await inspect(optionsFor(sshd, { agent: true }));
    expect(hops[0]?.keys).toEqual([
      expect.stringMatching(/^agent key .*ecdsa/),
      expect.stringMatching(/^agent key .*ed25519/),
      expect.stringMatching(/client_ed25519/),
    ]);
  });

  test('names certificates, of ours and of the host, and what is missing', async () => {
    const sshd = await sshdForTest();
    writeFileSync(`${sshd.clientKey}-cert.pub`, '');
    writeFileSync(sshd.knownHosts, `@cert-authority * ${readFileSync(join(sshd.dir, 'host_ed25519.pub'), 'utf8')}`);
    appendFileSync(sshd.configFile, `  IdentityFile ${sshd.dir}/nothing\n`);
    const { hops, unsupported, problems } = await inspect(optionsFor(sshd, { passphraseFile: '/nowhere' }));
    expect(unsupported).toMatchObject([
      { what: `certificate ${sshd.clientKey}-cert.pub`, prevents: false },
      { what: `host certificates of hpc (@cert-authority in ${sshd.knownHosts}:1)`, prevents: true },
    ]);
    expect(hops[0]?.leftOut).toEqual([`${sshd.dir}/nothing: no such file`]);
    expect(problems).toEqual([
      expect.stringContaining('the passphrase file cannot be read'),
      `hpc: no host key is recorded in ${sshd.knownHosts}, /dev/null`,
    ]);
  });

  test('of one that cannot be reached by us says why', async () => {
    const sshd = await sshdForTest();
    appendFileSync(sshd.configFile, '  ProxyCommand nc %h %p\n');
    expect(await inspect(optionsFor(sshd))).toMatchObject({
      hops: [],
      unsupported: [{ what: 'ProxyCommand nc %h %p (for hpc)', prevents: true }],
      problems: [expect.stringContaining('not supported: ProxyCommand')],
    });
  });
});
