import { readFile } from 'node:fs/promises';

import type { ServerHostKeyAlgorithm } from 'ssh2';

import { explainHostKey } from './known-hosts-advice.ts';
import { authorityOf, checkHostKey, keyTypeOf, parseKnownHosts, recordedKeyTypes } from './known-hosts.ts';
import type { HostIdentity, KnownHostsEntry, KnownHostsFile } from './known-hosts.ts';
import { expandHome } from './ssh-config.ts';
import type { Hop } from './ssh-config.ts';

/** ssh2's own list and order, newest first; `ssh-dss` is left out. */
const ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

/** The check of one hop's key; there is no way to connect without one. */
export class HostKeyCheck {
  /** Those for which a key is recorded come first: else a recorded ed25519 fails because the server prefers another. */
  readonly algorithms: ServerHostKeyAlgorithm[];
  /** Why the key was refused; null while it was not. */
  refusal: string | null = null;
  /** The types of key that are recorded for this host. */
  readonly recorded: ReadonlySet<string>;
  readonly #entries: readonly KnownHostsEntry[];
  readonly #identity: HostIdentity;
  readonly #file: string;

  readonly #unreadable: readonly string[];

  private constructor(hop: Hop, entries: readonly KnownHostsEntry[], unreadable: readonly string[]) {
    this.#unreadable = unreadable;
    this.#entries = entries;
    this.#identity = { host: hop.host, port: hop.port, alias: hop.hostKeyAlias };
    this.#file = hop.knownHosts[0] ?? expandHome('~/.ssh/known_hosts');
    this.recorded = recordedKeyTypes(entries, this.#identity);
    const isRecorded = (algorithm: string): boolean =>
      this.recorded.has(algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm);
    this.algorithms = [...ALGORITHMS.filter(isRecorded), ...ALGORITHMS.filter((algorithm) => !isRecorded(algorithm))];
  }

  static async of(hop: Hop): Promise<HostKeyCheck> {
    const files: KnownHostsFile[] = [];
    const unreadable: string[] = [];
    for (const path of hop.knownHosts) {
      try {
        files.push({ path, text: await readFile(path, 'utf8') });
      } catch (error) {
        // a file that is not there knows nobody, and so allows nothing
        const code = error instanceof Error && 'code' in error ? error.code : null;
        if (code !== 'ENOENT') unreadable.push(`${path} cannot be read (${String(code)})`);
      }
    }
    return new HostKeyCheck(hop, parseKnownHosts(files), unreadable);
  }

  /** A @cert-authority line that speaks for this host: OpenSSH would trust it, and we do not. */
  get authority(): KnownHostsEntry | null {
    return authorityOf(this.#entries, this.#identity);
  }

  verify(key: Buffer): boolean {
    const verdict = checkHostKey(this.#entries, this.#identity, key);
    const refusal = explainHostKey(verdict, {
      identity: this.#identity,
      key,
      keyType: keyTypeOf(key) ?? 'unknown type',
      file: this.#file,
    });
    this.refusal = refusal === null ? null : [refusal, ...this.#unreadable].join('. ');
    return refusal === null;
  }
}
