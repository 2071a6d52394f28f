import type { HostConfig, SshTransportConfig } from '../../config/config.ts';
import { isTooManyLogins } from '../../transport/ssh-dial.ts';
import type { SshInspection } from '../../transport/ssh-inspect.ts';
import { sshWords } from '../../transport/ssh-words.ts';
import type { Findings } from './finding.ts';
import { onHost, setInConfig, watchLogin } from './on-host.ts';
import { readRefusal } from './refusal.ts';
import type { Sessions } from './ssh-sessions.ts';

/** What the ssh config asks for and this program cannot do; known before anything is sent. */
export function reportUnsupported({ unsupported }: SshInspection, findings: Findings): void {
  for (const { what, instead, prevents } of unsupported) {
    if (prevents) findings.fail('ssh config', `not supported: ${what}`, instead);
    else findings.warn('ssh config', `not supported, and not used: ${what}`, instead);
  }
}

/** `reason`: why the login failed; null when it did not. */
export function reportLogin(
  reason: string | null,
  { hops, unsupported }: SshInspection,
  host: HostConfig,
  findings: Findings,
): void {
  const last = hops.at(-1);
  if (reason === null) {
    const through = hops.slice(0, -1).map(({ place }) => place);
    findings.ok('login', `${last?.place ?? host.name}${through.length === 0 ? '' : ` through ${through.join(', ')}`}`);
    const recorded = last === undefined || last.recordedKeys.length === 0 ? '' : `: ${last.recordedKeys.join(', ')}`;
    return findings.ok('host key', `known${recorded}`);
  }
  const { isHostKey, found, repair } = readRefusal(reason);
  // said already, with what to do instead
  if (!isHostKey && unsupported.some(({ prevents }) => prevents)) return findings.notChecked(['login', 'host key']);
  findings.fail(isHostKey ? 'host key' : 'login', found, loginRepair(repair, host));
  if (isHostKey) findings.notChecked(['login']);
}

export function reportSessions(
  sessions: Sessions,
  transport: SshTransportConfig,
  host: HostConfig,
  findings: Findings,
): void {
  if (sessions.kind === 'no_connection') {
    const { found, repair } = readRefusal(sessions.reason);
    // the daemon tries again for as long as it takes
    if (isTooManyLogins(sessions.reason)) {
      const ask = onHost(host, 'sudo sshd -T | grep -i maxstartups');
      return findings.warn('sessions', `no second connection, for transfers: ${found}`, ask);
    }
    return findings.fail('sessions', `no second connection, for transfers: ${found}`, loginRepair(repair, host));
  }
  const { count } = sessions;
  const wanted = transport.maxSessions;
  if (count >= wanted) return findings.ok('sessions', `${wanted} in each of two connections`);
  if (count === 0) {
    return findings.fail(
      'sessions',
      'a connection gives none (MaxSessions)',
      onHost(host, 'sudo sshd -T | grep -i maxsessions'),
    );
  }
  const found = `a connection gives ${count} of ${wanted} (MaxSessions): commands wait for each other`;
  findings.warn('sessions', found, setInConfig(host, 'transport.max_sessions', String(count)));
}

/** Step by step a login says more of why it fails. */
function loginRepair(repair: string | null, host: HostConfig): string {
  const isItself = host.transport.type === 'ssh' && repair === `${sshWords(host.transport)} true`;
  return repair === null || isItself ? watchLogin(host) : repair;
}
