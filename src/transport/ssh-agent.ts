import ssh2 from 'ssh2';
import type { BaseAgent, IdentityCallback, OpenSSHAgent, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';

import type { Clock } from '../domain/clock.ts';

export type AgentAnswer =
  | { readonly kind: 'keys'; readonly keys: readonly AgentKey[] }
  | { readonly kind: 'silent'; readonly reason: string };

export interface AgentKey {
  readonly blob: Buffer;
  readonly comment: string;
  /** An agent that has this one key only, so that keys can be tried, and named, one by one. */
  readonly agent: BaseAgent<ParsedKey>;
}

/** An agent is a process on this machine; one that hangs must not use up the time of the login. */
const AGENT_PATIENCE_MS = 3_000;

export function listAgentKeys(socketPath: string, clock: Clock): Promise<AgentAnswer> {
  const whole = new ssh2.OpenSSHAgent(socketPath);
  return new Promise((resolve) => {
    const cancel = clock.after(AGENT_PATIENCE_MS, () =>
      resolve({ kind: 'silent', reason: `the agent at ${socketPath} does not answer` }),
    );
    whole.getIdentities((error, keys) => {
      cancel();
      if (error !== undefined && error !== null) {
        return resolve({ kind: 'silent', reason: `no agent answers at ${socketPath}` });
      }
      // ssh2 parses every key itself, which its types leave open; a type it does not know (hardware keys) is skipped
      const own = ((keys ?? []) as ParsedKey[]).map((key) => ({
        blob: key.getPublicSSH(),
        comment: key.comment,
        agent: new OneKeyAgent(whole, key),
      }));
      resolve({ kind: 'keys', keys: own });
    });
  });
}

// ssh2 is CommonJS, and Node sees only some of its names: so the values are taken from the whole
class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #whole: OpenSSHAgent;
  readonly #key: ParsedKey;

  constructor(whole: OpenSSHAgent, key: ParsedKey) {
    super();
    this.#whole = whole;
    this.#key = key;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(null, [this.#key]);
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    if (typeof options === 'function') this.#whole.sign(key, data, options);
    else if (callback !== undefined) this.#whole.sign(key, data, options, callback);
  }
}
