import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { SshLink } from '../../src/transport/ssh-link.ts';
import type { RemoteProcess } from '../../src/transport/transport.ts';
import { signal } from '../lab/processes.ts';
import { clientConfig } from '../lab/sshd.ts';
import {
  ask,
  connected,
  describeWithSshd,
  never,
  optionsFor,
  optionsThrough,
  proxyForTest,
  sshdForTest,
  WATCHFUL,
} from '../lab/ssh-client.ts';

/** Four intervals of silence, at 300 ms each, on a busy machine; less than the commands here take to end by themselves. */
const NOTICED_MS = 15_000;

/** A command that has printed its first line, so that it surely runs. */
async function running(
  link: SshLink,
  command = 'echo up; sleep 20',
  channel: 'control' | 'bulk' = 'control',
): Promise<RemoteProcess> {
  const process = await link.spawn(command, channel);
  process.stderr.resume();
  const first = new Promise((resolve) => process.stdout.once('data', resolve));
  await Promise.race([first, process.ended.then((ended) => Promise.reject(new Error(JSON.stringify(ended))))]);
  process.stdout.resume();
  return process;
}

async function timed<T>(wait: Promise<T>): Promise<{ readonly value: T; readonly tookMs: number }> {
  const before = performance.now();
  const value = await wait;
  return { value, tookMs: performance.now() - before };
}

describeWithSshd('a connection that is lost', () => {
  test('because its session was killed ends its commands at once, without an exit code, and is told once', async () => {
    const sshd = await sshdForTest();
    const { link, lost, firstLoss } = await connected(optionsFor(sshd));
    const processes = await Promise.all([running(link), running(link)]);
    const waiting = Promise.all([...processes.map(({ ended }) => ended), firstLoss]);
    sshd.kill('SIGKILL', 'sessions');
    const { value, tookMs } = await timed(waiting);
    expect(value.slice(0, 2)).toMatchObject([{ exitCode: null }, { exitCode: null }]);
    expect(tookMs).toBeLessThan(NOTICED_MS);
    expect(lost).toHaveLength(1);
    await expect(link.spawn('true', 'control')).rejects.toThrow('not connected to hpc');
    expect(await link.connect(never)).toEqual({ kind: 'connected' });
    expect(await ask(link, 'echo again')).toMatchObject({ stdout: 'again\n' });
  });

  test('by a hung session is noticed within four keepalive intervals', async () => {
    const sshd = await sshdForTest();
    const { link, firstLoss } = await connected(optionsFor(sshd, WATCHFUL));
    const process = await running(link);
    sshd.kill('SIGSTOP', 'sessions');
    const { value, tookMs } = await timed(Promise.all([process.ended, firstLoss]));
    expect(value[0]).toEqual({ exitCode: null, reason: 'nothing was heard from it for 1.2 s' });
    expect(tookMs).toBeLessThan(NOTICED_MS);
  });

  test.each(['up', 'down', 'both'] as const)('because nothing comes through (%s) is noticed as fast', async (stall) => {
    const sshd = await sshdForTest();
    const proxy = await proxyForTest(sshd);
    const { link, firstLoss } = await connected(optionsThrough(proxy, sshd, WATCHFUL));
    const process = await running(link);
    proxy.set({ stall });
    const { value, tookMs } = await timed(Promise.all([process.ended, firstLoss]));
    expect(value[0]).toMatchObject({ exitCode: null });
    expect(tookMs).toBeLessThan(NOTICED_MS);
  });

  test('before its answer came leaves the command unknown, though it ran', async () => {
    const sshd = await sshdForTest();
    const proxy = await proxyForTest(sshd);
    const { link } = await connected(optionsThrough(proxy, sshd, WATCHFUL));
    const process = await link.spawn('cat > /dev/null; touch "$HOME/submitted"; echo 17', 'control');
    proxy.set({ stall: 'down' });
    process.stdin.end();
    process.stdout.resume();
    process.stderr.resume();
    expect(await process.ended).toMatchObject({ exitCode: null });
    expect(existsSync(join(sshd.home, 'submitted'))).toBe(true);
  });

  test('while a channel is being opened ends that wait too', async () => {
    const sshd = await sshdForTest();
    const proxy = await proxyForTest(sshd);
    const { link } = await connected(optionsThrough(proxy, sshd, { ...WATCHFUL, maxSessions: 1 }));
    proxy.set({ stall: 'down' });
    const [opening, queued] = await Promise.allSettled([link.spawn('true', 'control'), link.spawn('true', 'control')]);
    expect(opening.status).toBe('rejected');
    expect(queued).toMatchObject({ status: 'rejected', reason: { message: 'nothing was heard from it for 1.2 s' } });
  });

  test('after the command was sent, but before it was accepted, leaves it unknown', async () => {
    const sshd = await sshdForTest();
    const proxy = await proxyForTest(sshd);
    const { link } = await connected(optionsThrough(proxy, sshd));
    // the open channel is confirmed in 52 bytes (AES-GCM); what comes after them accepts the command
    proxy.set({ cutAfter: { down: proxy.counts.down + 60 } });
    const process = await link.spawn('touch "$HOME/ran"', 'control');
    expect(await process.ended).toMatchObject({ exitCode: null });
  });

  test('before the command was sent leaves surely nothing started', async () => {
    const sshd = await sshdForTest();
    const proxy = await proxyForTest(sshd);
    const { link } = await connected(optionsThrough(proxy, sshd));
    proxy.set({ cutAfter: { down: proxy.counts.down + 20 } });
    await expect(link.spawn('touch "$HOME/ran"', 'control')).rejects.toThrow(/ECONNRESET|closed/);
    expect(existsSync(join(sshd.home, 'ran'))).toBe(false);
  });

  test.each(['reset', 'finish'] as const)('by %s has no exit code either', async (how) => {
    const sshd = await sshdForTest();
    const proxy = await proxyForTest(sshd);
    const { link, firstLoss } = await connected(optionsThrough(proxy, sshd));
    const process = await running(link);
    proxy[how]();
    expect(await process.ended).toMatchObject({ exitCode: null });
    expect(await firstLoss).toContain('127.0.0.1 closed the connection');
  });

  test('during a pause shorter than the limit is not lost', async () => {
    const sshd = await sshdForTest();
    const proxy = await proxyForTest(sshd);
    const { link, lost } = await connected(optionsThrough(proxy, sshd, { keepaliveMs: 1_500 }));
    const answer = ask(link, 'sleep 0.2; echo patience');
    proxy.set({ stall: 'both' });
    // longer than an interval, and far from the four that are too many
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    proxy.set({ stall: null });
    expect(await answer).toMatchObject({ exitCode: 0, stdout: 'patience\n' });
    expect(lost).toEqual([]);
  });

  test('when only the listener dies is none: what runs goes on to its end', async () => {
    const sshd = await sshdForTest();
    const { link, lost } = await connected(optionsFor(sshd));
    const answer = ask(link, 'read -r word; echo "$word"', { stdin: 'on\n' });
    await sshd.stopListening();
    expect(await answer).toMatchObject({ exitCode: 0, stdout: 'on\n' });
    expect(lost).toEqual([]);
    // the bulk connection cannot be made now: surely nothing was started
    await expect(link.spawn('true', 'bulk')).rejects.toThrow('no SSH server listens there');
    await sshd.startListening();
    expect(await ask(link, 'echo bulk', { channel: 'bulk' })).toMatchObject({ stdout: 'bulk\n' });
  });

  test('for bulk leaves control alone, and is made again for the next one who wants it', async () => {
    const sshd = await sshdForTest();
    const { link, lost } = await connected(optionsFor(sshd));
    const control = new Set(sshd.sessions().map(({ pid }) => pid));
    const upload = await running(link, 'echo up; cat', 'bulk');
    for (const one of sshd.sessions()) if (!control.has(one.pid)) signal(one, 'SIGKILL');
    expect(await upload.ended).toMatchObject({ exitCode: null });
    expect(lost).toEqual([]);
    expect(await ask(link, 'echo control')).toMatchObject({ stdout: 'control\n' });
    expect(await ask(link, 'echo bulk', { channel: 'bulk' })).toMatchObject({ stdout: 'bulk\n' });
  });

  test('with a jump host takes everything behind it along', async () => {
    const [bastion, target] = [await sshdForTest({ config: ['MaxSessions 0'] }), await sshdForTest()];
    writeFileSync(
      target.configFile,
      clientConfig('hpc', target, ['ProxyJump bastion']) + clientConfig('bastion', bastion),
    );
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      const { link, firstLoss } = await connected(optionsFor(target, WATCHFUL));
      const process = await running(link);
      bastion.kill(signal, 'sessions');
      const { value, tookMs } = await timed(Promise.all([process.ended, firstLoss]));
      expect(value[0]).toMatchObject({ exitCode: null });
      expect(tookMs).toBeLessThan(NOTICED_MS);
    }
  });
});

describeWithSshd('a server', () => {
  test('that closes quiet channels gives no exit code for them', async () => {
    const sshd = await sshdForTest({ config: ['ChannelTimeout session:*=1s'] });
    const { link, lost } = await connected(optionsFor(sshd));
    const process = await link.spawn('sleep 20', 'control');
    process.stdout.resume();
    process.stderr.resume();
    expect(await process.ended).toEqual({ exitCode: null, reason: 'the channel was closed without an exit status' });
    expect(lost).toEqual([]);
  });

  test('that closes unused connections is told as lost', async () => {
    const sshd = await sshdForTest({ config: ['UnusedConnectionTimeout 1s'] });
    const { firstLoss } = await connected(optionsFor(sshd));
    expect(await firstLoss).toContain('127.0.0.1 closed the connection');
  });

  test('that takes us for dead ends its side, and we notice by that', async () => {
    const sshd = await sshdForTest({ config: ['ClientAliveInterval 1', 'ClientAliveCountMax 1'] });
    const proxy = await proxyForTest(sshd);
    const { link, firstLoss } = await connected(optionsThrough(proxy, sshd));
    const process = await running(link);
    proxy.set({ stall: 'up' });
    expect(await process.ended).toMatchObject({ exitCode: null });
    await firstLoss;
  });

  test('that renews its keys all the time loses nothing', async () => {
    const sshd = await sshdForTest({ config: ['RekeyLimit 256K'] });
    const { link } = await connected(optionsFor(sshd));
    const answer = await ask(link, 'cat', { stdin: 'x'.repeat(2_000_000), channel: 'bulk' });
    expect(answer).toMatchObject({ exitCode: 0 });
    expect(answer.stdout).toHaveLength(2_000_000);
  });
});
