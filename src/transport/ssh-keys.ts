import { access, readFile } from 'node:fs/promises';

import ssh2 from 'ssh2';
import type { ParsedKey } from 'ssh2';

import { keyTypeOf } from './known-hosts.ts';
import type { SshOptions } from './ssh-options.ts';

/** What a file of `IdentityFile` turned out to be. `blob` is the public key, where it could be read. */
export type Identity =
  | { readonly kind: 'private'; readonly path: string; readonly blob: Buffer; readonly key: ParsedKey }
  /** Only the public half: its private half may be in the agent. */
  | { readonly kind: 'public'; readonly path: string; readonly blob: Buffer }
  | { readonly kind: 'unusable'; readonly path: string; readonly blob: Buffer | null; readonly why: Unusable }
  | { readonly kind: 'missing'; readonly path: string };

export type Unusable =
  | { readonly kind: 'encrypted' }
  | { readonly kind: 'wrong passphrase' }
  | { readonly kind: 'hardware key' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Reads a key file. Decrypting one takes about 0.2 s of this thread: once a connection, not once a command. */
export async function loadIdentity(path: string, passphrase: string | null): Promise<Identity> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return { kind: 'missing', path };
    return unusable(path, null, { kind: 'unreadable', reason: messageOf(error) });
  }
  const blob = publicBlobOf(text) ?? publicBlobOf(await readFile(`${path}.pub`, 'utf8').catch(() => ''));
  if (blob !== null && keyTypeOf(blob)?.startsWith('sk-') === true)
    return unusable(path, blob, { kind: 'hardware key' });
  if (!text.includes('PRIVATE KEY') && !text.startsWith('PuTTY-User-Key-File')) {
    return blob === null
      ? unusable(path, null, { kind: 'unreadable', reason: 'it is no key' })
      : { kind: 'public', path, blob };
  }
  const key = parsePrivate(text, passphrase);
  if (!(key instanceof Error)) return { kind: 'private', path, blob: key.getPublicSSH(), key };
  // ssh2's own words for a missing and for a wrong passphrase
  if (/no passphrase given/i.test(key.message)) return unusable(path, blob, { kind: 'encrypted' });
  if (passphrase !== null && /bad passphrase|integrity check|decrypt/i.test(key.message)) {
    return unusable(path, blob, { kind: 'wrong passphrase' });
  }
  return unusable(path, blob, { kind: 'unreadable', reason: key.message });
}

function unusable(path: string, blob: Buffer | null, why: Unusable): Identity {
  return { kind: 'unusable', path, blob, why };
}

function parsePrivate(text: string, passphrase: string | null): ParsedKey | Error {
  let parsed: unknown;
  // ssh2 is CommonJS, and Node sees only some of its names: so the values are taken from the whole
  try {
    parsed = passphrase === null ? ssh2.utils.parseKey(text) : ssh2.utils.parseKey(text, passphrase);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
  // an OpenSSH file may hold several keys, and ssh2 then answers with a list, which its types do not say
  const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error | undefined;
  if (key === undefined) return new Error('it holds no key');
  return key instanceof Error || key.isPrivateKey() ? key : new Error('it holds no private key');
}

const OPENSSH_MAGIC = 'openssh-key-v1\0';

/** The public key in a `.pub` file, or in the clear part of an OpenSSH private key, encrypted or not. */
export function publicBlobOf(text: string): Buffer | null {
  const line = /^([a-z0-9@.-]+) ([A-Za-z0-9+/=]+)/m.exec(text);
  if (line !== null) {
    const blob = Buffer.from(line[2]!, 'base64');
    if (keyTypeOf(blob) === line[1]) return blob;
  }
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (body === undefined) return null;
  const bytes = Buffer.from(body, 'base64');
  if (bytes.toString('latin1', 0, OPENSSH_MAGIC.length) !== OPENSSH_MAGIC) return null;
  // cipher, key derivation and its options, the number of keys, then the first public key
  let at = OPENSSH_MAGIC.length;
  for (let field = 0; field < 3; field++) {
    if (at + 4 > bytes.length) return null;
    at += 4 + bytes.readUInt32BE(at);
  }
  at += 4;
  if (at + 4 > bytes.length) return null;
  const blob = bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at));
  return keyTypeOf(blob) === null ? null : blob;
}

/** OpenSSH tries a certificate beside each key. */
export function hasCertificate(path: string): Promise<boolean> {
  return access(`${path}-cert.pub`).then(
    () => true,
    () => false,
  );
}

/** The first line of the passphrase file; null without one. */
export async function passphraseOf({ passphraseFile }: Pick<SshOptions, 'passphraseFile'>): Promise<string | null> {
  if (passphraseFile === null) return null;
  try {
    const text = await readFile(passphraseFile, 'utf8');
    return text.split(/\r?\n/, 1)[0] ?? '';
  } catch (error) {
    throw new Error(`the passphrase file cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
