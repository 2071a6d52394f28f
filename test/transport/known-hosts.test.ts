import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { explainHostKey } from '../../src/transport/known-hosts-advice.ts';
import {
  checkHostKey,
  fingerprintOf,
  keyTypeOf,
  knownHostsName,
  matchesHost,
  parseKnownHosts,
  recordedKeyTypes,
} from '../../src/transport/known-hosts.ts';
import type { HostIdentity } from '../../src/transport/known-hosts.ts';

/** A blob with the form of a key: its type, then 32 bytes. */
function keyOf(type: string, fill: number): Buffer {
  const field = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return Buffer.concat([field(Buffer.from(type)), field(Buffer.alloc(32, fill))]);
}

const ED = keyOf('ssh-ed25519', 1);
const OTHER_ED = keyOf('ssh-ed25519', 2);
const ECDSA = keyOf('ecdsa-sha2-nistp256', 3);

function lineOf(hosts: string, key: Buffer, marker = ''): string {
  return `${marker}${hosts} ${keyTypeOf(key)} ${key.toString('base64')} a comment\n`;
}

function at(host: string, port = 22, alias: string | null = null): HostIdentity {
  return { host, port, alias };
}

function verdict(text: string, identity: HostIdentity, key: Buffer = ED): string {
  return checkHostKey(parseKnownHosts([{ path: '/kh', text }]), identity, key).kind;
}

describe('a host key', () => {
  test.each([
    ['is known under its name', lineOf('gpu1', ED), at('gpu1'), 'known'],
    ['is known whatever the case of its name', lineOf('GPU1', ED), at('gpU1'), 'known'],
    ['is known by one of several names', lineOf('login,gpu1,10.0.0.1', ED), at('gpu1'), 'known'],
    ['is known on its port', lineOf('[gpu1]:2222', ED), at('gpu1', 2222), 'known'],
    ['is known on a port when the very key is recorded without one', lineOf('gpu1', ED), at('gpu1', 2222), 'known'],
    [
      'is unknown on a port when another key is recorded without one',
      lineOf('gpu1', OTHER_ED),
      at('gpu1', 2222),
      'unknown',
    ],
    ['is unknown on port 22 when it is recorded for another', lineOf('[gpu1]:2222', ED), at('gpu1'), 'unknown'],
    ['is known by its alias only', lineOf('cluster', ED), at('gpu1', 2222, 'cluster'), 'known'],
    ['is unknown by its name when it has an alias', lineOf('gpu1', ED), at('gpu1', 22, 'cluster'), 'unknown'],
    ['is known by a pattern', lineOf('*.example.org,gpu?', ED), at('gpu1'), 'known'],
    ['is unknown when a pattern excludes it', lineOf('gpu*,!gpu1', ED), at('gpu1'), 'unknown'],
    ['is unknown when the exclusion comes first', lineOf('!gpu1,*', ED), at('gpu1'), 'unknown'],
    ['is unknown where nothing is recorded', '', at('gpu1'), 'unknown'],
    ['is unknown when only another type is recorded', lineOf('gpu1', ECDSA), at('gpu1'), 'unknown'],
    ['has changed when another one of its type is recorded', lineOf('gpu1', OTHER_ED), at('gpu1'), 'changed'],
    [
      'is known when one of two recorded ones is it',
      lineOf('gpu1', OTHER_ED) + lineOf('gpu1', ED),
      at('gpu1'),
      'known',
    ],
    ['is revoked even where it is recorded', lineOf('gpu1', ED) + lineOf('*', ED, '@revoked '), at('gpu1'), 'revoked'],
    [
      'that is revoked under the bare name is revoked on every port',
      lineOf('[gpu1]:2222', ED) + lineOf('gpu1', ED, '@revoked '),
      at('gpu1', 2222),
      'revoked',
    ],
    [
      'that is revoked on one port is not revoked on another',
      lineOf('[gpu1]:2222', ED) + lineOf('[gpu1]:2200', ED, '@revoked '),
      at('gpu1', 2222),
      'known',
    ],
    [
      'is not revoked by the revocation of another',
      lineOf('gpu1', ED) + lineOf('*', OTHER_ED, '@revoked '),
      at('gpu1'),
      'known',
    ],
    ['is unknown to a certificate authority', lineOf('*', ED, '@cert-authority '), at('gpu1'), 'unknown'],
    ['is unknown to a line with a marker nobody knows', lineOf('gpu1', ED, '@maybe '), at('gpu1'), 'unknown'],
    [
      'is found below comments, blank and broken lines',
      `# x\n\n  \nbroken\ngpu1 ssh-ed25519 !!\n\t${lineOf('gpu1', ED)}`,
      at('gpu1'),
      'known',
    ],
    ['is found in a file with Windows line ends', lineOf('gpu1', ED).replace('\n', '\r\n'), at('gpu1'), 'known'],
    [
      'is unknown to a line that gives another type than its key',
      `gpu1 ssh-rsa ${ED.toString('base64')}\n`,
      at('gpu1'),
      'unknown',
    ],
    ['of an IPv6 address is known', lineOf('fe80::1', ED), at('fe80::1'), 'known'],
  ])('%s', (_name, text, identity, expected) => {
    expect(verdict(text, identity)).toBe(expected);
  });

  test('is looked for in every file, and its refusal names file and line', () => {
    const entries = parseKnownHosts([
      { path: '/first', text: '# nothing\n' },
      { path: '/second', text: `\n${lineOf('gpu1', OTHER_ED)}` },
    ]);
    expect(checkHostKey(entries, at('gpu1'), ED)).toMatchObject({
      kind: 'changed',
      recorded: { file: '/second', line: 2 },
    });
  });

  test('is asked for by the types that are recorded', () => {
    const entries = parseKnownHosts([{ path: '/kh', text: lineOf('[gpu1]:22022', ECDSA) + lineOf('gpu2', ED) }]);
    expect([...recordedKeyTypes(entries, at('gpu1', 22022))]).toEqual(['ecdsa-sha2-nistp256']);
    expect([...recordedKeyTypes(entries, at('gpu2', 2222))]).toEqual(['ssh-ed25519']);
    expect([...recordedKeyTypes(entries, at('gpu3'))]).toEqual([]);
  });
});

describe('a refused key', () => {
  const LINE = `ssh-ed25519 ${ED.toString('base64')}`;
  const advise = (text: string, identity: HostIdentity): string =>
    explainHostKey(checkHostKey(parseKnownHosts([{ path: '/home/a b/kh', text }]), identity, ED), {
      identity,
      key: ED,
      keyType: 'ssh-ed25519',
      file: '/home/a b/kh',
    }) ?? 'accepted';

  test('that is unknown comes with its fingerprint and the command that accepts it', () => {
    const reason = advise('', at('gpu1', 2222));
    expect(reason).toContain(`ED25519 ${fingerprintOf(ED)}`);
    expect(reason.endsWith(`then: printf '%s\\n' '[gpu1]:2222 ${LINE}' >> '/home/a b/kh'`)).toBe(true);
  });

  test('that has changed comes with the command that forgets the old one first', () => {
    expect(advise(lineOf('[gpu1]:2222', OTHER_ED), at('gpu1', 2222))).toContain(
      `ssh-keygen -R '[gpu1]:2222' -f '/home/a b/kh' && printf '%s\\n' '[gpu1]:2222 ${LINE}' >> '/home/a b/kh'`,
    );
  });

  test('is accepted under the name by which it is looked up', () => {
    expect(advise('', at('gpu1'))).toContain(`printf '%s\\n' 'gpu1 ${LINE}' >>`);
    expect(advise('', at('gpu1', 2222, 'cluster'))).toContain(`printf '%s\\n' 'cluster ${LINE}' >>`);
  });

  test('names a recorded key of another type, and a certificate authority', () => {
    expect(advise(lineOf('gpu1', ECDSA), at('gpu1'))).toContain('ECDSA is recorded for it');
    expect(advise(lineOf('*', ECDSA, '@cert-authority '), at('gpu1'))).toContain('/home/a b/kh:1 trusts it through');
  });

  test('that is revoked comes with no command that would accept it', () => {
    expect(advise(lineOf('gpu1', ED, '@revoked '), at('gpu1'))).not.toContain('>>');
  });
});

describe('patterns', () => {
  const literal = fc.stringMatching(/^[a-z0-9.-]{1,12}$/);

  test('match what the same regular expression matches', () => {
    const pattern = fc.stringMatching(/^[ab?*.]{1,10}$/);
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[ab.]{1,12}$/), (glob, name) => {
        const source = glob.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchesHost(glob, name)).toBe(new RegExp(`^${source}$`).test(name));
      }),
    );
  });

  test('with many stars are as fast as others', () => {
    expect(matchesHost(`${'*a'.repeat(40)}b`, 'a'.repeat(200))).toBe(false);
  });

  test('never match a name that one of them excludes', () => {
    fc.assert(
      fc.property(literal, fc.array(literal), (name, others) => {
        expect(matchesHost([...others, `!${name}`, '*'].join(','), name)).toBe(false);
      }),
    );
  });
});

describe('what ssh-keygen writes and finds is what we read', () => {
  let dir: string;
  let key: Buffer;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'mqi-kh-'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'key')]);
    key = Buffer.from(readFileSync(join(dir, 'key.pub'), 'utf8').split(' ')[1]!, 'base64');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('fingerprints are the same', () => {
    const listed = execFileSync('ssh-keygen', ['-l', '-f', join(dir, 'key.pub')], { encoding: 'utf8' });
    expect(listed.split(' ')[1]).toBe(fingerprintOf(key));
  });

  test('hashed names are found', () => {
    const names = [at('gpu1'), at('gpu1', 2222), at('10.1.2.3', 22), at('fe80::1', 2022)];
    const file = join(dir, 'hashed');
    writeFileSync(file, names.map((name) => lineOf(knownHostsName(name), key)).join(''));
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('gpu1');
    for (const name of names) expect(verdict(text, name, key)).toBe('known');
    expect(verdict(text, at('gpu2'), key)).toBe('unknown');
    expect(verdict(text, at('gpu1'), OTHER_ED)).toBe('changed');
  });

  test('ssh-keygen -F finds a host in the same lines as we do', () => {
    const file = join(dir, 'mixed');
    const lines = [
      'gpu1',
      'gpu*,!gpu2',
      '[gpu1]:2222',
      '*.example.org',
      '[*.example.org]:2222',
      '|1|broken',
      '!gpu1,gpu1',
    ];
    writeFileSync(file, lines.map((hosts) => lineOf(hosts, key)).join(''));
    const entries = parseKnownHosts([{ path: file, text: readFileSync(file, 'utf8') }]);
    const names = ['gpu1', 'gpu2', 'gpu3', '[gpu1]:2222', 'a.example.org', '[a.example.org]:2222', 'example.org'];
    for (const name of names) {
      const ours = entries.filter(({ hosts }) => matchesHost(hosts, name)).map(({ line }) => line);
      expect({ name, lines: ours }).toEqual({ name, lines: linesFoundBySshKeygen(name, file) });
    }
  });
});

function linesFoundBySshKeygen(name: string, file: string): number[] {
  try {
    const found = execFileSync('ssh-keygen', ['-F', name, '-f', file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return [...found.matchAll(/found: line (\d+)/g)].map(([, line]) => Number(line));
  } catch {
    return [];
  }
}
