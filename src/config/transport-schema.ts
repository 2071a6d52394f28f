import * as z from 'zod';
import { duration, localPath, matching, wholeNumber, yesOrNo } from './field.ts';

const localTransport = z
  .strictObject({ type: z.literal('local').describe('This machine: commands are run here, files copied here.') })
  .describe('The host is this machine.');

// a leading dash would be an option of ssh; a user or port inside has its own key
const SSH_WORD = /^[^-\s@/][^\s@/]*$/;

const sshTransport = z
  .strictObject({
    type: z.literal('ssh').describe('Another machine, over SSH.'),
    host: matching(SSH_WORD, {
      expected:
        'a host name, an address, or a name from the ssh config; the user goes into `user`, the port into `port`',
      examples: ['gpu1', 'gpu1.example.org'],
    }).describe('A name from the ssh config of the user who runs the daemon, or a host name or address.'),
    port: wholeNumber(1, 65_535).optional().describe('Default: as the ssh config says, else 22.'),
    user: matching(SSH_WORD, { expected: 'a user name', examples: ['mqi'] })
      .optional()
      .describe('Default: as the ssh config says, else the user who runs the daemon.'),
    identity: localPath('~/.ssh/id_ed25519').optional().describe('The private key. Default: as the ssh config says.'),
    passphrase_file: localPath('/etc/mqi/passphrase')
      .optional()
      .describe(
        'A file whose first line is the passphrase of the key; readable only by its owner. A passphrase itself is never written here.',
      ),
    known_hosts: localPath('~/.ssh/known_hosts')
      .optional()
      .describe('The host keys to trust. An unknown key is always refused. Default: as the ssh config says.'),
    agent: yesOrNo().prefault(true).describe('May the ssh agent be asked for keys?'),
    config_file: localPath('~/.ssh/config').optional().describe("The ssh config to read. Default: the user's own."),
    // sshd allows 10 sessions a connection but frees them late: already at 6 in parallel some were refused (STACK.md)
    max_sessions: wholeNumber(1, 4)
      .prefault(4)
      .describe('Channels at the same time in one connection; less where the server says so (`MaxSessions`).'),
    connect_timeout: duration({ min: '1s', max: '10m', example: '20s' })
      .prefault('20s')
      .describe('How long a connection may take to be usable; a slow login counts in.'),
    // a dead peer is noticed after about four intervals; 1 s kills healthy slow uploads, 10 s does not (LAB.md)
    keepalive: duration({ min: '1s', max: '10m', example: '10s' })
      .prefault('10s')
      .describe('How often a silent connection is probed. A dead one is noticed after about four times this.'),
  })
  .describe('The host is reached over SSH.');

export const transportSchema = z
  .discriminatedUnion('type', [localTransport, sshTransport])
  .meta({
    expected: 'a map such as { type: ssh, host: gpu1 }',
    examples: [{ type: 'ssh', host: 'gpu1' }],
  })
  .prefault({ type: 'local' })
  .describe('How to reach the host.');
