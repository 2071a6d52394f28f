import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, expect, onTestFinished, test } from 'vitest';

import { systemClock } from '../../src/daemon/clock.ts';
import { createSshTransport } from '../../src/transport/ssh.ts';
import { startSshd } from '../lab/sshd.ts';
import type { Sshd } from '../lab/sshd.ts';
import { describeWithSshd, never, optionsFor } from '../lab/ssh-client.ts';
import { cleanScratch, scratch, sendRequest, writeTree } from '../transport/scratch.ts';
import { transportContract } from './transport.contract.ts';

describeWithSshd('OpenSSH', () => {
  let server: Promise<Sshd> | null = null;
  afterAll(async () => (await server)?.stop());

  transportContract('ssh', async () => {
    // its login scripts are as noisy as any
    const sshd = await (server ??= startSshd({ bashrc: 'echo Welcome; echo "quota: 93 %" >&2\n' }));
    const transport = createSshTransport({ ...optionsFor(sshd, { keepaliveMs: 10_000 }), clock: systemClock });
    return { transport, close: () => transport.close() };
  });

  cleanScratch();

  test('with MaxSessions 1 a follower, an upload and commands get on beside each other', async () => {
    const sshd = await startSshd({ config: ['MaxSessions 1'] });
    onTestFinished(() => sshd.stop());
    const transport = createSshTransport({ ...optionsFor(sshd, { keepaliveMs: 10_000 }), clock: systemClock });
    onTestFinished(() => transport.close());
    expect(await transport.connect(never)).toEqual({ kind: 'connected' });
    const [root, folder] = [join(scratch(), 'root'), join(scratch(), 'case')];
    writeTree(folder, { big: Buffer.alloc(4_000_000, 1) });
    const events = join(scratch(), 'events');
    writeFileSync(events, '');
    const over = new AbortController();
    let seen!: () => void;
    const hint = new Promise<void>((resolve) => (seen = resolve));
    const following = transport.follow(events, seen, over.signal);
    const sent = transport.send(sendRequest(folder, root));
    const answers = await Promise.all([1, 2, 3].map((word) => transport.run(`echo ${word}`, { timeoutMs: 20_000 })));
    expect(answers).toMatchObject([{ stdout: '1\n' }, { stdout: '2\n' }, { stdout: '3\n' }]);
    expect(await sent).toEqual({ kind: 'sent' });
    // nobody says when it began to follow
    const poke = setInterval(() => appendFileSync(events, 'now\n'), 50);
    await hint;
    clearInterval(poke);
    over.abort();
    await following;
  });
});
