import type { HostConfig, SshTransportConfig } from '../../config/config.ts';
import { quote, quoteAll } from '../../transport/quote.ts';

/** A command of the host as a person types it here: the same host, user and key as the daemon's. */
export function onHost(host: HostConfig, command: string): string {
  if (host.transport.type === 'local') return command;
  // sudo asks for a password, and needs a terminal for it
  const terminal = command.includes('sudo ') ? ['-t'] : [];
  return `${sshWords(host.transport, terminal)} ${quote(command)}`;
}

/** Shows, step by step, how a login goes. */
export function watchLogin({ transport }: HostConfig): string {
  return transport.type === 'local' ? 'sh -c true' : `${sshWords(transport, ['-v'])} true`;
}

function sshWords(transport: SshTransportConfig, more: readonly string[]): string {
  const { configFile, port, user, identity, knownHosts, host } = transport;
  return quoteAll([
    'ssh',
    ...more,
    ...(configFile === null ? [] : ['-F', configFile]),
    ...(port === null ? [] : ['-p', String(port)]),
    ...(user === null ? [] : ['-l', user]),
    ...(identity === null ? [] : ['-i', identity]),
    ...(knownHosts === null ? [] : ['-o', `UserKnownHostsFile=${knownHosts}`]),
    host,
  ]);
}

/** A value of the configuration that is to be changed; `hosts.NAME.` stands before the key. */
export function setInConfig(host: HostConfig, key: string, value: string): string {
  return `set hosts.${host.name}.${key} to ${value}, then: mqi config check`;
}
