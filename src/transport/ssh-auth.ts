import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware } from 'ssh2';

import type { Clock } from '../domain/clock.ts';
import { fingerprintOf, keyTypeOf } from './known-hosts.ts';
import { listAgentKeys } from './ssh-agent.ts';
import type { AgentKey } from './ssh-agent.ts';
import { isDefaultIdentity } from './ssh-config.ts';
import type { Hop, Unsupported } from './ssh-config.ts';
import { hasCertificate, loadIdentity } from './ssh-keys.ts';
import type { Identity } from './ssh-keys.ts';

/** One key to try. `label` names it for people. */
interface Credential {
  readonly label: string;
  readonly method: AnyAuthMethod;
}

/** What a login on one hop has to offer, in OpenSSH's order, and what it cannot offer, with the reason. */
export interface Credentials {
  readonly keys: readonly Credential[];
  readonly leftOut: readonly string[];
  readonly unsupported: readonly Unsupported[];
}

/**
 * OpenSSH's order: the agent's keys that have a file in the list, the agent's other keys (unless `IdentitiesOnly`), then
 * the files.
 */
export async function gatherCredentials(hop: Hop, passphrase: string | null, clock: Clock): Promise<Credentials> {
  const identities: Identity[] = [];
  for (const path of new Set(hop.identities)) identities.push(await loadIdentity(path, passphrase));
  const leftOut: string[] = [];
  let agentKeys: readonly AgentKey[] = [];
  if (hop.agentSocket !== null) {
    const answer = await listAgentKeys(hop.agentSocket, clock);
    if (answer.kind === 'keys') agentKeys = answer.keys;
    else leftOut.push(answer.reason);
  }
  const withFile = agentKeys.filter((key) => identities.some((identity) => isSameKey(identity, key)));
  const others = hop.identitiesOnly ? [] : agentKeys.filter((key) => !withFile.includes(key));
  if (hop.identitiesOnly && withFile.length < agentKeys.length) {
    leftOut.push(`${agentKeys.length - withFile.length} other keys of the agent (only the configured keys are tried)`);
  }
  const keys = [...withFile, ...others].map((key) => agentCredential(hop.user, key));
  for (const identity of identities) {
    if (agentKeys.some((key) => isSameKey(identity, key))) continue;
    const reason = whyLeftOut(identity, passphrase);
    if (reason !== null) leftOut.push(reason);
    else if (identity.kind === 'private') keys.push(fileCredential(hop.user, identity));
  }
  const unsupported: Unsupported[] = [];
  for (const identity of identities) unsupported.push(...(await unsupportedKey(identity)));
  return { keys, leftOut, unsupported };
}

/** OpenSSH would use both by itself; who relies on them must hear that nobody does here. */
async function unsupportedKey(identity: Identity): Promise<readonly Unsupported[]> {
  const { kind, path } = identity;
  if (kind === 'missing') return [];
  const found: Unsupported[] = [];
  if (kind === 'unusable' && identity.why.kind === 'hardware key') {
    found.push({ what: `hardware key ${path}`, instead: PLAIN_KEY, prevents: false });
  }
  if (await hasCertificate(path)) {
    found.push({ what: `certificate ${path}-cert.pub`, instead: AUTHORIZED_KEY, prevents: false });
  }
  return found;
}

const PLAIN_KEY = 'a plain key, for this host only (ssh-keygen -t ed25519, then ssh-copy-id)';
const AUTHORIZED_KEY = 'the plain key in authorized_keys on the host (ssh-copy-id)';

function isSameKey(identity: Identity, key: AgentKey): boolean {
  return identity.kind !== 'missing' && identity.blob !== null && identity.blob.equals(key.blob);
}

function agentCredential(username: string, { agent, blob, comment }: AgentKey): Credential {
  return {
    label: `agent key ${comment === '' ? '' : `${comment} `}(${nameOf(blob)})`,
    method: { type: 'agent', username, agent },
  };
}

function fileCredential(username: string, { key, path, blob }: Identity & { kind: 'private' }): Credential {
  return { label: `${path} (${nameOf(blob)})`, method: { type: 'publickey', username, key } };
}

function nameOf(blob: Buffer): string {
  return `${keyTypeOf(blob) ?? 'unknown type'} ${fingerprintOf(blob)}`;
}

/** Null for a key that is tried, or a default file that nobody asked for. */
function whyLeftOut(identity: Identity, passphrase: string | null): string | null {
  switch (identity.kind) {
    case 'private':
      return null;
    case 'missing':
      return isDefaultIdentity(identity.path) ? null : `${identity.path}: no such file`;
    case 'public':
      return `${identity.path}: a public key; the agent does not have its private half`;
    case 'unusable':
      return `${identity.path}: ${whyUnusable(identity, passphrase)}`;
  }
}

function whyUnusable({ why, path }: Identity & { kind: 'unusable' }, passphrase: string | null): string {
  switch (why.kind) {
    case 'encrypted':
      return `encrypted, and no passphrase_file is set (or: ssh-add ${path})`;
    case 'wrong passphrase':
      return `the passphrase in passphrase_file does not open it`;
    case 'hardware key':
      return `a hardware key, which is not supported: use ${PLAIN_KEY}`;
    case 'unreadable':
      return passphrase === null ? why.reason : `${why.reason} (with the passphrase of passphrase_file)`;
  }
}

/** The run of one login: hands out the keys one by one and remembers what was tried. */
export class Login {
  readonly handler: AuthHandlerMiddleware;
  /** What the host says it would take, after the first refusal. */
  #accepted: readonly AuthenticationType[] | null = null;
  #secondFactor = false;
  readonly #tried: string[] = [];
  readonly #troubles: string[] = [];
  readonly #credentials: Credentials;

  constructor(user: string, credentials: Credentials) {
    this.#credentials = credentials;
    const next = this.#attempts(user);
    // ssh2 takes `false` for "no more", which its types leave out
    this.handler = (left, partial, proceed) => proceed((this.#mayGoOn(left, partial) && next()) as AnyAuthMethod);
  }

  /** As OpenSSH: first ask with `none`, whose refusal tells what the host takes. */
  #attempts(username: string): () => AnyAuthMethod | false {
    const waiting = [...this.#credentials.keys];
    let asked = false;
    return () => {
      if (!asked) {
        asked = true;
        return { type: 'none', username };
      }
      const credential = waiting.shift();
      if (credential === undefined) return false;
      this.#tried.push(credential.label);
      return credential.method;
    };
  }

  #mayGoOn(left: readonly AuthenticationType[] | null, partial: boolean | null): boolean {
    if (left === null) return true;
    this.#accepted = left;
    if (partial === true) this.#secondFactor = true;
    return left.includes('publickey');
  }

  /** The agent or a key failed while it was being tried; the login itself goes on. */
  note(trouble: string): void {
    this.#troubles.push(trouble);
  }

  /** Why nothing got in. */
  explain(): string {
    if (this.#secondFactor && this.#accepted?.includes('publickey') !== true) {
      return `the host took a key and asks for a second factor (${this.#accepted?.join(', ') ?? ''}), which nobody here can give`;
    }
    const accepted =
      this.#accepted?.includes('publickey') === true
        ? ''
        : `; the host takes only ${this.#accepted?.join(', ') ?? 'nothing'}`;
    const tried = this.#tried.length === 0 ? 'no key was tried' : `tried ${this.#tried.join(', ')}`;
    const notes = [...this.#credentials.leftOut, ...this.#troubles];
    return `${tried}${accepted}${notes.length === 0 ? '' : `; not used: ${notes.join('; ')}`}`;
  }
}
