import { quoteAll } from './quote.ts';
import type { SshOptions } from './ssh-options.ts';

/** `ssh …` up to the host, as a person types it here: the same host, user and keys as the daemon's. */
export function sshWords(
  options: Pick<SshOptions, 'configFile' | 'port' | 'user' | 'identity' | 'knownHosts' | 'host'>,
  more: readonly string[] = [],
): string {
  const { configFile, port, user, identity, knownHosts, host } = options;
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
