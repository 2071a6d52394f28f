import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { SshOptions } from '../../src/transport/ssh-options.ts';
import { parseJumps, resolveRoute } from '../../src/transport/ssh-route.ts';
import type { AskSsh, Route, RouteOutcome } from '../../src/transport/ssh-route.ts';
import { never } from '../lab/ssh-client.ts';

let dir: string;
let configFile: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mqi-sshconfig-'));
  configFile = join(dir, 'config');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Through the real `ssh -G`. */
async function resolve(config: string, changes: Partial<SshOptions> = {}): Promise<RouteOutcome> {
  writeFileSync(configFile, config);
  return resolveRoute(optionsWith({ configFile, ...changes }), never);
}

async function route(config: string, changes: Partial<SshOptions> = {}): Promise<Route> {
  const outcome = await resolve(config, changes);
  if (outcome.kind === 'failed') throw new Error(outcome.reason);
  return outcome.route;
}

function optionsWith(changes: Partial<SshOptions>): SshOptions {
  return {
    host: 'hpc',
    port: null,
    user: null,
    identity: null,
    passphraseFile: null,
    knownHosts: null,
    agent: true,
    configFile: null,
    maxSessions: 4,
    connectTimeoutMs: 1_000,
    keepaliveMs: 1_000,
    ...changes,
  };
}

describe('a name of the ssh config', () => {
  test('is resolved as ssh resolves it', async () => {
    const { hops } = await route(
      [
        'Host hpc',
        '  HostName gpu1.example.org',
        '  Port 2222',
        '  User physicist',
        '  IdentityFile ~/.ssh/hpc_%r',
        '  IdentityFile /keys/${USERLESS}/second',
        '  UserKnownHostsFile ~/.ssh/kh1 /etc/kh2',
        '  GlobalKnownHostsFile /etc/kh3',
        '  HostKeyAlias cluster',
        '  AddressFamily inet6',
        '  BindAddress ::1',
        '  IdentityAgent /run/agent-%r',
        'Host *',
        '  IdentitiesOnly yes',
      ].join('\n'),
    );
    expect(hops).toEqual([
      {
        name: 'hpc',
        typed: `-F ${configFile} hpc`,
        host: 'gpu1.example.org',
        port: 2222,
        user: 'physicist',
        family: 6,
        bindAddress: '::1',
        identities: [`${homedir()}/.ssh/hpc_physicist`, '/keys/${USERLESS}/second'],
        identitiesOnly: true,
        agentSocket: '/run/agent-physicist',
        hostKeyAlias: 'cluster',
        knownHosts: [`${homedir()}/.ssh/kh1`, '/etc/kh2', '/etc/kh3'],
      },
    ]);
  });

  test('that no config knows is a host name', async () => {
    const { hops } = await route('');
    expect(hops).toMatchObject([{ host: 'hpc', port: 22, user: userInfo().username, family: 0, hostKeyAlias: null }]);
    expect(hops[0].identities).toContain(`${homedir()}/.ssh/id_ed25519`);
  });

  test('gives way to what the options say', async () => {
    const config =
      'Host hpc\n  HostName gpu1\n  Port 2222\n  User a\n  IdentityFile /a\n  UserKnownHostsFile /kh\nMatch user b\n  HostName gpu2\n';
    const { hops } = await route(config, { port: 4444, user: 'b', identity: '/b', knownHosts: '/kh2', agent: false });
    expect(hops[0].typed).toBe(`-F ${configFile} -p 4444 -l b -i /b -o 'UserKnownHostsFile=/kh2' hpc`);
    expect(hops).toMatchObject([
      { port: 4444, user: 'b', identities: ['/b'], identitiesOnly: true, knownHosts: ['/kh2'], agentSocket: null },
    ]);
  });

  test.each([
    ['none', null],
    ['SSH_AUTH_SOCK', '/run/from-env'],
    ['$OTHER_AGENT', '/run/other'],
    ['/run/fixed', '/run/fixed'],
  ])('with IdentityAgent %s asks the agent at %s', async (setting, expected) => {
    process.env['SSH_AUTH_SOCK'] = '/run/from-env';
    process.env['OTHER_AGENT'] = '/run/other';
    const { hops } = await route(`Host hpc\n  IdentityAgent ${setting}\n`);
    delete process.env['SSH_AUTH_SOCK'];
    delete process.env['OTHER_AGENT'];
    expect(hops[0].agentSocket).toBe(expected);
  });

  test('that ssh refuses fails with its words and the command to see them', async () => {
    const outcome = await resolve('Host hpc\n  NoSuchKeyword yes\n');
    expect(outcome.kind === 'failed' && outcome.reason).toMatch(/Bad configuration option.*|terminating/);
    expect(outcome.kind === 'failed' && outcome.reason).toContain('ssh -T -G -F');
  });
});

describe('ProxyJump', () => {
  const names = (found: Route): string[] => found.hops.map(({ name, user, port }) => `${user}@${name}:${port}`);

  test('of one host goes through it', async () => {
    const found = await route(
      'Host hpc\n  User u\n  ProxyJump gate\nHost gate\n  User g\n  Port 2200\n  IdentityFile /gate\n',
    );
    expect(names(found)).toEqual(['g@gate:2200', 'u@hpc:22']);
    expect(found.hops[0]).toMatchObject({ identities: ['/gate'] });
  });

  test('of several goes through all of them, in order, whatever the later ones would do by themselves', async () => {
    const found = await route(
      'Host hpc\n  User u\n  ProxyJump a@one:1,ssh://b@two\nHost two\n  ProxyCommand nc %h %p\n  Port 2\n',
    );
    expect(names(found)).toEqual(['a@one:1', 'b@two:2', 'u@hpc:22']);
    expect(found.unsupported).toEqual([]);
  });

  test('of a host that has one itself follows that', async () => {
    const found = await route('Host *\n  User u\nHost hpc\n  ProxyJump one\nHost one\n  ProxyJump two\n');
    expect(names(found)).toEqual(['u@two:22', 'u@one:22', 'u@hpc:22']);
  });

  test('in a circle is an error, not a hang', async () => {
    const outcome = await resolve('Host hpc\n  ProxyJump one\nHost one\n  ProxyJump hpc\n');
    expect(outcome).toMatchObject({ kind: 'failed' });
  });

  test('does not hand the identity of the options to the jump host', async () => {
    const { hops } = await route('Host hpc\n  ProxyJump gate\nHost gate\n  IdentityFile /gate\n', {
      identity: '/mine',
    });
    expect(hops.map(({ identities }) => identities)).toEqual([['/gate'], ['/mine']]);
  });

  test.each([
    ['h', [{ user: null, host: 'h', port: null }]],
    ['u@h:22', [{ user: 'u', host: 'h', port: 22 }]],
    ['u@corp@h', [{ user: 'u@corp', host: 'h', port: null }]],
    ['[fe80::1]:2222', [{ user: null, host: 'fe80::1', port: 2222 }]],
    ['fe80::1', [{ user: null, host: 'fe80::1', port: null }]],
    [
      'ssh://u@h:22/, h2',
      [
        { user: 'u', host: 'h', port: 22 },
        { user: null, host: 'h2', port: null },
      ],
    ],
    ['', []],
  ])('%j is read', (text, jumps) => {
    expect(parseJumps(text)).toEqual(jumps);
  });
});

describe('what ssh2 cannot do is named', () => {
  test.each([
    ['ProxyCommand nc %h %p', /ProxyCommand nc/, /ProxyJump/],
    ['PubkeyAuthentication no', /PubkeyAuthentication no/, /ssh-keygen/],
    ['PubkeyAuthentication no\n  GSSAPIAuthentication yes', /GSSAPI \(Kerberos\)/, /ssh-copy-id/],
    ['RevokedHostKeys /etc/krl', /RevokedHostKeys/, /@revoked/],
  ])('%j prevents a connection', async (line, what, instead) => {
    const outcome = await resolve(`Host hpc\n  ${line}\n`);
    expect(outcome).toMatchObject({ kind: 'failed', unsupported: [{ prevents: true }] });
    expect(outcome.kind === 'failed' && outcome.reason).toMatch(what);
    expect(outcome.kind === 'failed' && outcome.reason).toMatch(instead);
  });

  test.each([
    ['CertificateFile /a-cert.pub', /CertificateFile/],
    ['KnownHostsCommand /bin/kh', /KnownHostsCommand/],
  ])('%j does not prevent one', async (line, what) => {
    const { unsupported } = await route(`Host hpc\n  ${line}\n`);
    expect(unsupported).toMatchObject([{ what: expect.stringMatching(what), prevents: false }]);
  });

  test('GSSAPI beside keys is no news: half of all distributions switch it on', async () => {
    expect((await route('Host hpc\n  GSSAPIAuthentication yes\n')).unsupported).toEqual([]);
  });
});

describe('without ssh on this machine', () => {
  const absent: AskSsh = () => Promise.resolve({ kind: 'absent' });

  test('plain options are enough', async () => {
    const outcome = await resolveRoute(optionsWith({ user: 'u', identity: '/k' }), never, absent);
    expect(outcome).toMatchObject({
      kind: 'resolved',
      route: {
        hops: [
          {
            host: 'hpc',
            port: 22,
            user: 'u',
            identities: ['/k'],
            knownHosts: [`${homedir()}/.ssh/known_hosts`, '/etc/ssh/ssh_known_hosts'],
          },
        ],
      },
    });
  });

  test('anything else says what to install or to set', async () => {
    const outcome = await resolveRoute(optionsWith({ user: 'u' }), never, absent);
    expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/openssh-client.*set identity/) });
    const withFile = await resolveRoute(optionsWith({ user: 'u', identity: '/k', configFile: '/c' }), never, absent);
    expect(withFile).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/remove config_file/) });
  });
});
