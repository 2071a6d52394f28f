import { describe, expect, it } from 'vitest';

import { onHost } from '../../src/daemon/doctor/on-host.ts';
import { readRefusal } from '../../src/daemon/doctor/refusal.ts';
import { hostConfig, sshTo } from './hosts.ts';

describe('a refusal', () => {
  it.each([
    [
      "the host key of h is not known: it shows X. Nothing was sent. Compare it with what the administrator of the host says, then: printf 'h k' >> f",
      true,
      "Compare it with what the administrator of the host says, then: printf 'h k' >> f",
    ],
    [
      'the host key of h has CHANGED: it shows X. Nothing was sent; careful. Only if the administrator of the host confirms the new key: a && b',
      true,
      'Only if the administrator of the host confirms the new key: a && b',
    ],
    [
      "the host key of h (X) is revoked by f:1. Nothing was sent. Ask the host's administrator for its present key",
      true,
      "Ask the host's administrator for its present key",
    ],
    ['u@h:22 lets nobody in: tried k. Try: ssh -v h true', false, 'ssh -v h true'],
    [
      'u@h:22 refused after too many keys: tried k. Set identity for this host, so that one key is tried',
      false,
      'Set identity for this host, so that one key is tried',
    ],
    [
      'there is no address for h. Check its name, or HostName in the ssh config: ssh -G h',
      false,
      'Check its name, or HostName in the ssh config: ssh -G h',
    ],
    ['bad configuration option (try: ssh -T -G -- h)', false, 'ssh -T -G -- h'],
    ['not supported: GSSAPI. Instead: a plain key', false, 'a plain key'],
    ['the host did not run the command', false, null],
  ])('is cut into what was found and what to type: %s', (reason, isHostKey, repair) => {
    const refusal = readRefusal(reason);
    expect([refusal.isHostKey, refusal.repair]).toEqual([isHostKey, repair]);
    expect(refusal.found).not.toContain(repair ?? 'nothing');
    expect(reason.startsWith(refusal.found)).toBe(true);
  });

  it('keeps what could not be read out of the command', () => {
    const reason =
      'the host key of h is not known. Compare it with what the administrator of the host says, then: x >> f. /g cannot be read (EACCES)';
    expect(readRefusal(reason)).toMatchObject({
      repair: 'Compare it with what the administrator of the host says, then: x >> f',
      found: 'the host key of h is not known. /g cannot be read (EACCES)',
    });
  });
});

describe('a command for a host', () => {
  it('is typed as it is for this machine, and through the same ssh for another', () => {
    expect(onHost(hostConfig(), 'pueue start -g a')).toBe('pueue start -g a');
    const transport = sshTo(
      { configFile: '/my config' },
      { port: 2222, user: 'mqi', identity: '/k', knownHosts: '/kh' },
    );
    expect(onHost(hostConfig({ transport }), `sudo mv 'a b' c`)).toBe(
      `ssh -t -F '/my config' -p 2222 -l mqi -i /k -o 'UserKnownHostsFile=/kh' hpc 'sudo mv '\\''a b'\\'' c'`,
    );
  });
});
