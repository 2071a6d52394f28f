import { writeFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { clientConfig, freePort } from '../lab/sshd.ts';
import type { Sshd } from '../lab/sshd.ts';
import { ask, connected, describeWithSshd, optionsFor, refusal, sshdForTest, loginsOf } from '../lab/ssh-client.ts';

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
    expect([loginsOf(bastion), loginsOf(target)]).toEqual([1, 1]);
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
    expect(await refusal(optionsFor(target))).toContain(`printf '%s\\n' '[127.0.0.1]:${target.port} ssh-ed25519`);
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
