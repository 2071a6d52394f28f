import { execFileSync } from 'node:child_process';
import { closeSync, constants, copyFileSync, openSync, renameSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { writeKnownHosts } from '../lab/sshd.ts';
import {
  ask,
  connected,
  describeWithSshd,
  linkForTest,
  never,
  optionsFor,
  optionsThrough,
  proxyForTest,
  refusal,
  sshdForTest,
  loginsOf,
} from '../lab/ssh-client.ts';

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
    expect(performance.now() - before).toBeLessThan(15_000);
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

  test('whose key lies on a file server that does not answer ends in time too, and no second attempt waits for it', async () => {
    const sshd = await sshdForTest();
    const key = join(sshd.dir, 'key');
    // opening it waits for a writer
    execFileSync('mkfifo', [key]);
    const answer = (path: string): void => closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    onTestFinished(() => answer(key));
    const { link } = linkForTest(optionsFor(sshd, { identity: key, connectTimeoutMs: 3_000 }));
    const hung = { kind: 'failed', reason: expect.stringMatching(/^no connection within 3 s \(a file of the login/) };
    expect(await link.connect(never)).toEqual(hung);
    expect(await link.connect(never)).toEqual(hung);
    renameSync(key, join(sshd.dir, 'fifo'));
    copyFileSync(sshd.clientKey, key);
    expect(await link.connect(never)).toEqual(hung);
    answer(join(sshd.dir, 'fifo'));
    await expect.poll(() => link.connect(never)).toEqual({ kind: 'connected' });
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
    expect(loginsOf(sshd)).toBe(1);

    const proxy = await proxyForTest(sshd);
    proxy.set({ stall: 'both' });
    const stalled = linkForTest(optionsThrough(proxy, sshd)).link;
    const alone = new AbortController();
    const outcome = stalled.connect(alone.signal);
    await expect.poll(proxy.open).toBe(1);
    alone.abort();
    // the next one does not inherit the end of an attempt that everybody left
    const next = stalled.connect(never);
    expect(await outcome).toEqual({ kind: 'failed', reason: 'aborted' });
    await expect.poll(proxy.open).toBe(1);
    proxy.set({ stall: null });
    expect(await next).toEqual({ kind: 'connected' });
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

  test('over a long line works', async () => {
    const sshd = await sshdForTest();
    const proxy = await proxyForTest(sshd);
    proxy.set({ delayMs: 50 });
    const { link } = await connected(optionsThrough(proxy, sshd));
    expect(await ask(link, 'cat', { stdin: 'far' })).toMatchObject({ exitCode: 0, stdout: 'far' });
  });
});
