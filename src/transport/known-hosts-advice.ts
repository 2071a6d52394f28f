import { knownHostsName } from './known-hosts.ts';
import type { HostIdentity, HostKeyVerdict } from './known-hosts.ts';
import { fingerprintOf } from './known-hosts.ts';
import { quote } from './quote.ts';

export interface AdviceContext {
  readonly identity: HostIdentity;
  readonly key: Buffer;
  readonly keyType: string;
  /** Where a newly accepted key belongs. */
  readonly file: string;
}

/** Why a host key was refused, and the command that accepts it; null when it was not. */
export function explainHostKey(verdict: HostKeyVerdict, context: AdviceContext): string | null {
  const name = knownHostsName(context.identity);
  const shown = `${labelOf(context.keyType)} ${verdict.fingerprint}`;
  switch (verdict.kind) {
    case 'known':
      return null;
    case 'unknown': {
      const others = verdict.otherTypes.map(labelOf).join(', ');
      const recorded = others === '' ? '' : ` (${others} is recorded for it, but the host does not offer that)`;
      const authority =
        verdict.authority === null
          ? ''
          : ` ${verdict.authority.file}:${verdict.authority.line} trusts it through a certificate authority, which is not supported: its own key must be recorded.`;
      return (
        `the host key of ${name} is not known${recorded}: it shows ${shown}. Nothing was sent.${authority} ` +
        `Compare it with what the administrator of the host says, then: ${acceptCommand(context)}`
      );
    }
    case 'changed': {
      const { file, line, key } = verdict.recorded;
      const forget = `ssh-keygen -R ${quote(name)} -f ${quote(file)}`;
      return (
        `the host key of ${name} has CHANGED: it shows ${shown}, but ${file}:${line} records ${fingerprintOf(key)}. ` +
        `Nothing was sent; somebody may stand in between. Only if the administrator of the host confirms the new key: ` +
        `${forget} && ${acceptCommand({ ...context, file })}`
      );
    }
    case 'revoked':
      return (
        `the host key of ${name} (${shown}) is revoked by ${verdict.recorded.file}:${verdict.recorded.line}. ` +
        `Nothing was sent. Ask the host's administrator for its present key`
      );
  }
}

/** Records the very key that was shown: asked for anew, the host (or whoever stands in between) may show another. */
function acceptCommand({ identity, key, keyType, file }: AdviceContext): string {
  const line = `${knownHostsName(identity)} ${keyType} ${key.toString('base64')}`;
  return `printf '%s\\n' ${quote(line)} >> ${quote(file)}`;
}

function labelOf(keyType: string): string {
  if (keyType.startsWith('ecdsa-')) return 'ECDSA';
  return { 'ssh-ed25519': 'ED25519', 'ssh-rsa': 'RSA', 'ssh-dss': 'DSA' }[keyType] ?? keyType;
}
