import { createHash, createHmac } from 'node:crypto';

/**
 * known_hosts, as OpenSSH reads it: which host shows which key. Pure: text goes in, verdicts come out.
 */

export interface KnownHostsFile {
  readonly path: string;
  readonly text: string;
}

export interface KnownHostsEntry {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly marker: 'revoked' | 'cert-authority' | null;
  /** The first field as it stands: patterns with commas between, or `|1|salt|hash`. */
  readonly hosts: string;
  readonly keyType: string;
  readonly key: Buffer;
}

export type HostKeyVerdict =
  | { readonly kind: 'known'; readonly fingerprint: string }
  /** `otherTypes`: the types of key that are recorded for this host. `authority`: a @cert-authority line speaks for it. */
  | {
      readonly kind: 'unknown';
      readonly fingerprint: string;
      readonly otherTypes: readonly string[];
      readonly authority: KnownHostsEntry | null;
    }
  | { readonly kind: 'changed'; readonly fingerprint: string; readonly recorded: KnownHostsEntry }
  | { readonly kind: 'revoked'; readonly fingerprint: string; readonly recorded: KnownHostsEntry };

/** OpenSSH's port: it is left out of a name in known_hosts. */
export const DEFAULT_PORT = 22;

/** What the entries of a host are found by. `alias` (HostKeyAlias) stands for host and port. */
export interface HostIdentity {
  readonly host: string;
  readonly port: number;
  readonly alias: string | null;
}

/** The name that OpenSSH writes for this host. */
export function knownHostsName({ host, port, alias }: HostIdentity): string {
  if (alias !== null) return alias.toLowerCase();
  return port === DEFAULT_PORT ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** `SHA256:…` as `ssh-keygen -l` prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a key blob names in its first field; null for something that is no key. */
export function keyTypeOf(key: Buffer): string | null {
  if (key.length < 4) return null;
  const length = key.readUInt32BE(0);
  return length === 0 || length > 64 || key.length < 4 + length ? null : key.toString('latin1', 4, 4 + length);
}

/** Lines that cannot be read are skipped, as OpenSSH does: each can only make a host unknown, never known. */
export function parseKnownHosts(files: readonly KnownHostsFile[]): readonly KnownHostsEntry[] {
  return files.flatMap(({ path, text }) =>
    text.split(/\r?\n/).flatMap((line, index) => parseLine(line, path, index + 1) ?? []),
  );
}

function parseLine(text: string, file: string, line: number): KnownHostsEntry | null {
  const fields = text.trim().split(/[ \t]+/);
  if (fields[0] === '' || fields[0]?.startsWith('#') === true) return null;
  const marker = fields[0]?.startsWith('@') === true ? fields.shift() : undefined;
  // an unknown marker may restrict what we do not understand: its line says nothing
  if (marker !== undefined && marker !== '@revoked' && marker !== '@cert-authority') return null;
  const [hosts, keyType, base64] = fields;
  if (hosts === undefined || keyType === undefined || base64 === undefined) return null;
  const key = Buffer.from(base64, 'base64');
  if (keyTypeOf(key) !== keyType) return null;
  return {
    file,
    line,
    marker: marker === '@revoked' ? 'revoked' : marker === '@cert-authority' ? 'cert-authority' : null,
    hosts,
    keyType,
    key,
  };
}

/** Does the first field of a line speak of this name (`host` or `[host]:port`)? */
export function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHash(hosts, name);
  let matched = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!');
    if (!matchesPattern(negated ? pattern.slice(1) : pattern, name)) continue;
    // one negation outweighs every match, wherever it stands
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function matchesHash(field: string, name: string): boolean {
  const [, version, salt, hash] = field.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** `*` is any text, `?` any one character. By two pointers, so that no pattern can make it slow. */
function matchesPattern(pattern: string, name: string): boolean {
  let at = 0;
  let star = -1;
  let retryFrom = 0;
  for (let index = 0; index < name.length;) {
    if (at < pattern.length && (pattern[at] === '?' || (pattern[at] !== '*' && pattern[at] === name[index]))) {
      at++;
      index++;
    } else if (pattern[at] === '*') {
      star = at++;
      retryFrom = index;
    } else if (star >= 0) {
      at = star + 1;
      index = ++retryFrom;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

/**
 * Is this the key of this host? A key of a type that is not recorded is *unknown*, as it is for OpenSSH; *changed* is
 * another key of a recorded type.
 */
export function checkHostKey(entries: readonly KnownHostsEntry[], identity: HostIdentity, key: Buffer): HostKeyVerdict {
  const fingerprint = fingerprintOf(key);
  const own = entries.filter((entry) => matchesHost(entry.hosts, knownHostsName(identity)));
  // OpenSSH takes a key that is recorded without a port for a server on any port, if it is the very same key
  const portless = isPortless(identity) ? entries.filter((entry) => matchesHost(entry.hosts, identity.host)) : [];
  const same = (entry: KnownHostsEntry): boolean => entry.key.equals(key);

  const revoked = [...own, ...portless].find((entry) => entry.marker === 'revoked' && same(entry));
  if (revoked !== undefined) return { kind: 'revoked', fingerprint, recorded: revoked };
  const plain = own.filter((entry) => entry.marker === null);
  if ([...plain, ...portless.filter((entry) => entry.marker === null)].some(same))
    return { kind: 'known', fingerprint };
  const recorded = plain.find((entry) => entry.keyType === keyTypeOf(key));
  if (recorded !== undefined) return { kind: 'changed', fingerprint, recorded };
  return {
    kind: 'unknown',
    fingerprint,
    otherTypes: [...new Set(plain.map((entry) => entry.keyType))],
    authority: authorityOf(entries, identity),
  };
}

/** The first @cert-authority line for a host. */
export function authorityOf(entries: readonly KnownHostsEntry[], identity: HostIdentity): KnownHostsEntry | null {
  const name = knownHostsName(identity);
  return entries.find(({ marker, hosts }) => marker === 'cert-authority' && matchesHost(hosts, name)) ?? null;
}

function isPortless({ port, alias }: HostIdentity): boolean {
  return alias === null && port !== DEFAULT_PORT;
}

/** The types of key that are recorded for a host: what to ask the server for first. */
export function recordedKeyTypes(entries: readonly KnownHostsEntry[], identity: HostIdentity): ReadonlySet<string> {
  const typesUnder = (name: string): string[] =>
    entries.filter((entry) => entry.marker === null && matchesHost(entry.hosts, name)).map((entry) => entry.keyType);
  const own = typesUnder(knownHostsName(identity));
  return new Set(own.length > 0 || !isPortless(identity) ? own : typesUnder(identity.host.toLowerCase()));
}
