import { createTransport } from './create-transport.ts';
import { SshLink } from './ssh-link.ts';
import type { SshEnvironment, SshOptions } from './ssh-options.ts';
import type { Transport } from './transport.ts';

/** A host reached over SSH, by ssh2 and the user's own ssh config, keys and known_hosts. */
export function createSshTransport(options: SshOptions & SshEnvironment): Transport {
  const link = new SshLink(options, options);
  return createTransport({ kind: 'ssh', spawn: link.spawn, lifecycle: link, clock: options.clock });
}
