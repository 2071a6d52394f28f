import { createHash } from 'node:crypto';
import { homedir, hostname, userInfo } from 'node:os';
import { basename } from 'node:path';

import { DEFAULT_PORT } from './known-hosts.ts';
import type { HostIdentity } from './known-hosts.ts';

/** One machine on the way to a host, the host itself being the last: all that is needed to log in there. */
export interface Hop {
  /** As the ssh config names it. */
  readonly name: string;
  /** The options and the name that a person types after `ssh` to get there, as words of a shell. */
  readonly typed: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** IP version; 0 for either. */
  readonly family: 0 | 4 | 6;
  readonly bindAddress: string | null;
  /** Key files in the order in which they are tried, absolute. */
  readonly identities: readonly string[];
  /** Are the agent's keys limited to those that have a file in `identities`? */
  readonly identitiesOnly: boolean;
  readonly agentSocket: string | null;
  readonly hostKeyAlias: string | null;
  /** The first one is where a new key belongs. */
  readonly knownHosts: readonly string[];
}

/** Something of the ssh config that this transport cannot do. */
export interface Unsupported {
  readonly what: string;
  /** What to do instead, as a sentence or a command. */
  readonly instead: string;
  /** Is there no way to connect because of it? */
  readonly prevents: boolean;
}

/** What `ssh -G` prints: lower-case keywords, each with its values in order. */
export type SshConfig = ReadonlyMap<string, readonly string[]>;

export function parseSshConfig(text: string): SshConfig {
  const config = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const match = /^([a-z0-9]+) (.*)$/i.exec(line.trim());
    if (match === null) continue;
    const [, keyword, value] = match as unknown as [string, string, string];
    const values = config.get(keyword.toLowerCase());
    if (values === undefined) config.set(keyword.toLowerCase(), [value.trim()]);
    else values.push(value.trim());
  }
  return config;
}

/** The value of a keyword; null where it is not set, or set to `none`. */
export function settingOf(config: SshConfig, keyword: string): string | null {
  const value = config.get(keyword)?.[0];
  return value === undefined || value === 'none' || value === '' ? null : value;
}

/** `name` is what `ssh -G` was asked for, `typed` the words with which it was. */
export function hopOf(config: SshConfig, name: string, typed: string): Hop {
  const host = settingOf(config, 'hostname') ?? name;
  const port = Number(settingOf(config, 'port') ?? DEFAULT_PORT);
  const user = settingOf(config, 'user') ?? userInfo().username;
  const hostKeyAlias = settingOf(config, 'hostkeyalias');
  const expand = (path: string): string => expandTokens(path, { name, host, port, user, alias: hostKeyAlias });
  const files = (keyword: string): string[] =>
    (settingOf(config, keyword) ?? '')
      .split(/\s+/)
      .filter((path) => path !== '')
      .map(expand);
  return {
    name,
    typed,
    host,
    port,
    user,
    family: { inet: 4 as const, inet6: 6 as const }[settingOf(config, 'addressfamily') ?? ''] ?? 0,
    bindAddress: settingOf(config, 'bindaddress'),
    identities: (config.get('identityfile') ?? []).filter((path) => path !== 'none').map(expand),
    identitiesOnly: settingOf(config, 'identitiesonly') === 'yes',
    agentSocket: agentSocketOf(config, expand),
    hostKeyAlias,
    knownHosts: [...files('userknownhostsfile'), ...files('globalknownhostsfile')],
  };
}

function agentSocketOf(config: SshConfig, expand: (path: string) => string): string | null {
  const values = config.get('identityagent');
  const value = values?.[0] ?? 'SSH_AUTH_SOCK';
  if (value === 'none') return null;
  if (value === 'SSH_AUTH_SOCK') return process.env['SSH_AUTH_SOCK'] ?? null;
  // a name after `$` is a variable that holds the path
  if (/^\$[A-Za-z_]\w*$/.test(value)) return process.env[value.slice(1)] ?? null;
  return expand(value);
}

interface TokenContext extends HostIdentity {
  readonly name: string;
  readonly user: string;
}

/** The tokens and variables that OpenSSH expands in paths; `ssh -G` prints most of them as they stand. */
function expandTokens(path: string, { name, host, port, user, alias }: TokenContext): string {
  const local = hostname();
  const tokens: Readonly<Record<string, string>> = {
    '%': '%',
    d: homedir(),
    h: host,
    i: String(userInfo().uid),
    j: '',
    k: alias ?? name,
    L: local.split('.')[0] ?? local,
    l: local,
    n: name,
    p: String(port),
    r: user,
    u: userInfo().username,
    C: createHash('sha1').update(`${local}${host}${port}${user}`).digest('hex'),
  };
  return expandHome(path)
    .replaceAll(/%(.)/g, (whole, token: string) => tokens[token] ?? whole)
    .replaceAll(/\$\{(\w+)\}/g, (whole, variable: string) => process.env[variable] ?? whole);
}

export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? `${homedir()}${path.slice(1)}` : path;
}

/** The keys that OpenSSH tries when none is configured: one of these that does not exist is no news. */
const DEFAULT_IDENTITIES = new Set([
  'id_rsa',
  'id_ecdsa',
  'id_ecdsa_sk',
  'id_ed25519',
  'id_ed25519_sk',
  'id_xmss',
  'id_dsa',
]);

export function isDefaultIdentity(path: string): boolean {
  return DEFAULT_IDENTITIES.has(basename(path));
}

const TUNNEL =
  'use ProxyJump, or keep a tunnel open (`ssh -N -L 127.0.0.1:2222:HOST:22 …`) and set host 127.0.0.1, port 2222';

/**
 * What the config asks for and ssh2 cannot give. Named here, so that nobody meets it as a hang. `viaJump`: this host is
 * reached through the one before it in a ProxyJump list, whatever its own config says.
 */
export function unsupportedIn(config: SshConfig, name: string, viaJump: boolean): readonly Unsupported[] {
  const found: Unsupported[] = [];
  const add = (what: string, instead: string, prevents: boolean): void => {
    found.push({ what: `${what} (for ${name})`, instead, prevents });
  };
  const command = settingOf(config, 'proxycommand');
  // older versions of ssh print the command that a ProxyJump comes down to
  const jumps = viaJump || settingOf(config, 'proxyjump') !== null;
  if (command !== null && !jumps) add(`ProxyCommand ${command}`, TUNNEL, true);
  if (isOff(settingOf(config, 'pubkeyauthentication'))) {
    const only =
      settingOf(config, 'gssapiauthentication') === 'yes'
        ? 'GSSAPI (Kerberos) as the only login'
        : 'PubkeyAuthentication no';
    add(only, 'a key without a second factor, for this host only: `ssh-keygen -t ed25519`, then `ssh-copy-id`', true);
  }
  for (const file of config.get('certificatefile') ?? []) {
    if (file !== 'none') add(`CertificateFile ${file}`, 'the plain key in authorized_keys on the host', false);
  }
  if (settingOf(config, 'knownhostscommand') !== null) {
    add('KnownHostsCommand', 'the host key in known_hosts: its line is named where it is refused', false);
  }
  // a list of revoked keys that is not read would be trust without asking
  if (settingOf(config, 'revokedhostkeys') !== null) add('RevokedHostKeys', '`@revoked` lines in known_hosts', true);
  if (settingOf(config, 'pkcs11provider') !== null) {
    add('PKCS11Provider', 'the key in the agent (`ssh-add -s PROVIDER`)', false);
  }
  return found;
}

function isOff(value: string | null): boolean {
  return value === 'no' || value === 'false';
}
