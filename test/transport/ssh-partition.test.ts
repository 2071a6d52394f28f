import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { createNetwork, whyNetworkIsMissing } from '../lab/network.ts';
import type { Network } from '../lab/network.ts';
import { startSshd } from '../lab/sshd.ts';
import type { Sshd } from '../lab/sshd.ts';
import { ask, connected, describeWithSshd, optionsFor, WATCHFUL, refusal } from '../lab/ssh-client.ts';

const missing = whyNetworkIsMissing();

/** One host for all of them, healed before each. */
describeWithSshd(`a host behind a broken network${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  describe.skipIf(missing !== null)('is', () => {
    let network: Network;
    let sshd: Sshd;
    beforeAll(async () => {
      network = createNetwork();
      sshd = await startSshd({ address: network.address, port: 2222, prefix: network.prefix });
    });
    beforeEach(() => network.heal());
    afterAll(async () => {
      await sshd?.stop();
      network?.remove();
    });

    test('reached while the network is whole', async () => {
      const { link } = await connected(optionsFor(sshd, WATCHFUL));
      expect(await ask(link, 'echo here')).toMatchObject({ stdout: 'here\n' });
    });

    test('not reached, in the time that is given, while packets vanish', async () => {
      network.drop('all');
      const reason = await refusal(optionsFor(sshd, { connectTimeoutMs: 500 }));
      expect(reason).toMatch(/within 0.5 s \(no TCP connection/);
    });

    test('unreachable at once when our own end is down: nothing leaves by another way', async () => {
      network.cutNear();
      expect(await refusal(optionsFor(sshd))).toMatch(/cannot be reached \(.*EHOSTUNREACH/);
    });

    test('lost within four keepalive intervals when its cable is cut', async () => {
      const { link, firstLoss } = await connected(optionsFor(sshd, WATCHFUL));
      const process = await link.spawn('sleep 20', 'control');
      process.stdout.resume();
      process.stderr.resume();
      network.cut();
      const before = performance.now();
      expect(await process.ended).toMatchObject({ exitCode: null });
      await firstLoss;
      // without keepalives the command itself would end first
      expect(performance.now() - before).toBeLessThan(15_000);
    });

    test('not lost when packets vanish for less than that', async () => {
      const { link, lost } = await connected(optionsFor(sshd, { keepaliveMs: 1_500 }));
      const answer = ask(link, 'sleep 0.3; echo patience');
      network.drop('all');
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      network.heal();
      expect(await answer).toMatchObject({ exitCode: 0, stdout: 'patience\n' });
      expect(lost).toEqual([]);
    });

    test('unknown to us when only its answers vanish, though it did what was asked', async () => {
      const { link } = await connected(optionsFor(sshd, WATCHFUL));
      const process = await link.spawn('cat > /dev/null; touch "$HOME/submitted"', 'control');
      network.drop('answers');
      process.stdin.end();
      process.stdout.resume();
      process.stderr.resume();
      expect(await process.ended).toMatchObject({ exitCode: null });
      expect(existsSync(join(sshd.home, 'submitted'))).toBe(true);
    });

    test('lost, and refuses, when everything is answered by a reset', async () => {
      const { link } = await connected(optionsFor(sshd, WATCHFUL));
      const process = await link.spawn('sleep 20', 'control');
      process.stdout.resume();
      process.stderr.resume();
      network.reset();
      expect(await process.ended).toMatchObject({ exitCode: null, reason: expect.stringContaining('ECONNRESET') });
      expect(await refusal(optionsFor(sshd))).toContain('no SSH server listens there');
    });

    test('usable while one packet in ten is lost', async () => {
      network.lose(10);
      const { link } = await connected(optionsFor(sshd));
      expect(await ask(link, 'cat', { stdin: 'x'.repeat(50_000) })).toMatchObject({ exitCode: 0 });
    });
  });
});
