import { describe, expect, onTestFinished, test } from 'vitest';

import { systemClock } from '../../src/daemon/clock.ts';
import { SshLink } from '../../src/transport/ssh-link.ts';
import type { SshOptions } from '../../src/transport/ssh-options.ts';
import { startProxy } from './proxy.ts';
import type { FaultProxy } from './proxy.ts';
import { startSshd, whySshdIsMissing } from './sshd.ts';
import type { Sshd, SshdSettings } from './sshd.ts';

/** Tests against a real sshd. Where there is none they are skipped by name; in CI that fails the run. */
export function describeWithSshd(name: string, body: () => void): void {
  const missing = whySshdIsMissing();
  if (missing === null) describe(name, body);
  else if (process.env['CI'] === undefined) describe.skipIf(true)(`${name} (skipped: ${missing})`, body);
  else {
    test(name, () => {
      throw new Error(missing);
    });
  }
}

/** A server for one test. */
export async function sshdForTest(settings?: SshdSettings): Promise<Sshd> {
  const sshd = await startSshd(settings);
  onTestFinished(() => sshd.stop());
  return sshd;
}

export async function proxyForTest(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
  const proxy = await startProxy(target);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** Through the server's own ssh_config, with short times: a dead peer is noticed after 1.2 s. */
export function optionsFor(sshd: Pick<Sshd, 'configFile'>, changes: Partial<SshOptions> = {}): SshOptions {
  return {
    host: 'hpc',
    port: null,
    user: null,
    identity: null,
    passphraseFile: null,
    knownHosts: null,
    agent: false,
    configFile: sshd.configFile,
    maxSessions: 4,
    connectTimeoutMs: 10_000,
    keepaliveMs: 300,
    ...changes,
  };
}

/** Everything said by the options, through a proxy: the host key stands under the proxy's port. */
export function optionsThrough(proxy: FaultProxy, changes: Partial<SshOptions> = {}): Partial<SshOptions> {
  return { port: proxy.port, ...changes };
}

export interface LinkForTest {
  readonly link: SshLink;
  readonly lost: string[];
  readonly warnings: string[];
  /** Resolves with the first loss. */
  readonly firstLoss: Promise<string>;
}

export function linkForTest(options: SshOptions): LinkForTest {
  const warnings: string[] = [];
  const link = new SshLink(options, { clock: systemClock, onWarning: (message) => warnings.push(message) });
  const lost: string[] = [];
  const firstLoss = new Promise<string>((resolve) => {
    link.onLost((reason) => {
      lost.push(reason);
      resolve(reason);
    });
  });
  onTestFinished(() => link.close());
  return { link, lost, warnings, firstLoss };
}

export const never = new AbortController().signal;

/** A link that is connected. */
export async function connected(options: SshOptions): Promise<LinkForTest> {
  const made = linkForTest(options);
  expect(await made.link.connect(never)).toEqual({ kind: 'connected' });
  return made;
}

/** Why it cannot connect. */
export async function refusal(options: SshOptions): Promise<string> {
  const outcome = await linkForTest(options).link.connect(never);
  if (outcome.kind === 'connected') throw new Error('it connected');
  return outcome.reason;
}

export interface Answer {
  readonly exitCode: number | null;
  readonly reason: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function ask(
  link: SshLink,
  command: string,
  { stdin = '', channel = 'control' }: { stdin?: string; channel?: 'control' | 'bulk' } = {},
): Promise<Answer> {
  const process = await link.spawn(command, channel);
  process.stdin.end(stdin);
  const [stdout, stderr, ended] = await Promise.all([text(process.stdout), text(process.stderr), process.ended]);
  return { exitCode: ended.exitCode, reason: 'reason' in ended ? ended.reason : null, stdout, stderr };
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
