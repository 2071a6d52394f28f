import type { HostConfig } from '../../config/config.ts';
import { quote, quotePath } from '../../transport/quote.ts';
import { sshWords } from '../../transport/ssh-words.ts';

/** A command of the host as a person types it here: the same host, user and key as the daemon's. */
export function onHost(host: HostConfig, command: string): string {
  if (host.transport.type === 'local') return command;
  // sudo asks for a password, and needs a terminal for it
  const terminal = command.includes('sudo ') ? ['-t'] : [];
  return `${sshWords(host.transport, terminal)} ${quote(command)}`;
}

/** Shows a file below the root of the host, and what is written to it from now on. */
export function followOnHost(host: HostConfig, ...below: readonly string[]): string {
  return onHost(host, `tail -n +1 -f ${quotePath(host.root, ...below)}`);
}

/** Shows, step by step, how a login goes. */
export function watchLogin({ transport }: HostConfig): string {
  return transport.type === 'local' ? 'sh -c true' : `${sshWords(transport, ['-v'])} true`;
}

/** A value of the configuration that is to be changed; `hosts.NAME.` stands before the key. */
export function setInConfig(host: HostConfig, key: string, value: string): string {
  return `set hosts.${host.name}.${key} to ${value}, then: mqi config check`;
}
