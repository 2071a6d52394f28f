import { describe, expect, onTestFinished } from 'vitest';

import { systemClock } from '../../src/daemon/clock.ts';
import { SshLink } from '../../src/transport/ssh-link.ts';
import type { SshOptions } from '../../src/transport/ssh-options.ts';
import { startProxy } from './proxy.ts';
import type { FaultProxy } from './proxy.ts';
import { startSshd, whySshdIsMissing, writeKnownHosts } from './sshd.ts';
import type { Sshd, SshdSettings } from './sshd.ts';

const missing = whySshdIsMissing();
// a part that is missing is said by name; in CI that fails the run
if (missing !== null && process.env['CI'] !== undefined) throw new Error(missing);
if (missing !== null) console.warn(`skipped: ${missing}`);

/** Tests against a real sshd. */
export const describeWithSshd = missing === null ? describe : describe.skip;

/** A server for one test. */
export async function sshdForTest(settings?: SshdSettings): Promise<Sshd> {
  const sshd = await startSshd(settings);
  onTestFinished(() => sshd.stop());
  return sshd;
}

/** How many logins a server has let in. */
export function loginsOf(sshd: Pick<Sshd, 'log'>): number {
  return sshd.log().match(/Accepted publickey/g)?.length ?? 0;
}

export async function proxyForTest(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
  const proxy = await startProxy(target);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** A dead peer is noticed after 1.2 s of silence: for tests that are about that. Others must not lose a host to a busy machine. */
export const WATCHFUL: Partial<SshOptions> = { keepaliveMs: 300 };

/** Through the server's own ssh_config. */
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
    connectTimeoutMs: 60_000,
    keepaliveMs: 10_000,
    ...changes,
  };
}

/** The same, through a proxy, under whose port the host key is recorded too. */
export function optionsThrough(proxy: FaultProxy, sshd: Sshd, changes: Partial<SshOptions> = {}): SshOptions {
  writeKnownHosts(sshd.knownHosts, sshd.dir, '*', ['ed25519']);
  return optionsFor(sshd, { port: proxy.port, ...changes });
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
