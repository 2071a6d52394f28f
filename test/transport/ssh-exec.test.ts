import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { RemoteProcess } from '../../src/transport/transport.ts';
import { ask, connected, describeWithSshd, optionsFor, sshdForTest } from '../lab/ssh-client.ts';

const clean = { reason: null, stderr: '' };

/** Resolves with what has been read when `wanted` is in it. */
function until(process: RemoteProcess, wanted: string): Promise<string> {
  let text = '';
  return new Promise((resolve) => {
    process.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(wanted)) resolve(text);
    });
  });
}

describeWithSshd('a command', () => {
  test('has its own standard input, outputs, environment and exit status', async () => {
    const sshd = await sshdForTest({ env: { COLOUR: 'a b' } });
    const { link } = await connected(optionsFor(sshd));
    expect(await ask(link, 'tr a-z A-Z; echo "$COLOUR" >&2; exit 7', { stdin: 'hello' })).toEqual({
      exitCode: 7,
      reason: null,
      stdout: 'HELLO',
      stderr: 'a b\n',
    });
  });

  test('that is ended by a signal has the status 128+n, as in a shell', async () => {
    const { link } = await connected(optionsFor(await sshdForTest()));
    expect(await ask(link, 'kill -TERM $$')).toMatchObject({ exitCode: 143 });
  });

  test('whose shell is ended by a signal has none: nobody knows how the command itself ended', async () => {
    const { link } = await connected(optionsFor(await sshdForTest()));
    expect(await ask(link, 'kill -KILL $PPID')).toMatchObject({
      exitCode: null,
      reason: 'the shell on the host was ended by SIGKILL',
    });
  });

  test('carries any bytes both ways', async () => {
    const { link } = await connected(optionsFor(await sshdForTest()));
    const bytes = randomBytes(8 * 1024 * 1024);
    const process = await link.spawn('cat', 'bulk');
    process.stderr.resume();
    const hash = createHash('sha256');
    process.stdout.on('data', (chunk: Buffer) => hash.update(chunk));
    process.stdin.write(bytes);
    process.stdin.end();
    expect(await process.ended).toEqual({ exitCode: 0 });
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('that stops reading its input breaks the pipe, not us, and its status still comes', async () => {
    const { link } = await connected(optionsFor(await sshdForTest()));
    const process = await link.spawn('head -c 3; exit 5', 'bulk');
    const written = new Promise((resolve) => process.stdin.on('error', resolve));
    const pour = (): void => {
      if (process.stdin.writable) process.stdin.write(Buffer.alloc(1024 * 1024), (error) => error ?? pour());
    };
    pour();
    process.stdout.resume();
    process.stderr.resume();
    expect(await process.ended).toEqual({ exitCode: 5 });
    expect(await written).toMatchObject({ code: 'EPIPE' });
  });

  test('whose output nobody reads any more ends all the same', async () => {
    const { link } = await connected(optionsFor(await sshdForTest(), { maxSessions: 1 }));
    const process = await link.spawn('head -c 20000000 /dev/zero', 'control');
    process.stdin.end();
    process.stderr.resume();
    for await (const chunk of process.stdout) if (chunk.length > 0) break;
    // its place is free again
    expect(await ask(link, 'echo next')).toEqual({ ...clean, exitCode: 0, stdout: 'next\n' });
  });

  test('that is too long for one argument is refused before anything is sent', async () => {
    const { link } = await connected(optionsFor(await sshdForTest()));
    await expect(link.spawn(`: ${'x'.repeat(200_000)}`, 'control')).rejects.toThrow('too long');
  });
});

describeWithSshd('noise', () => {
  test('of login scripts reaches neither output', async () => {
    const sshd = await sshdForTest({
      bashrc: 'echo "Welcome to gpu1!"; echo "quota: 93 %" >&2; printf "\\036half a mark"; trap "echo bye" EXIT\n',
      config: ['Banner /etc/passwd'],
    });
    const { link } = await connected(optionsFor(sshd));
    expect(await ask(link, 'echo yes; exit 3')).toEqual({ ...clean, exitCode: 3, stdout: 'yes\n' });
  });

  test('of a login script that prints every line it runs does neither', async () => {
    const { link } = await connected(optionsFor(await sshdForTest({ bashrc: 'set -xv\n' })));
    expect(await ask(link, 'echo yes')).toEqual({ ...clean, exitCode: 0, stdout: 'yes\n' });
  });

  test("of a wrapper around the command is cut off, and its exit status is not taken for the command's", async () => {
    const wrapper = 'ForceCommand echo hello; bash -c "$SSH_ORIGINAL_COMMAND"; echo logged; true';
    const { link } = await connected(optionsFor(await sshdForTest({ config: [wrapper] })));
    expect(await ask(link, 'echo yes; exit 9')).toEqual({ ...clean, exitCode: 9, stdout: 'yes\n' });
  });

  test('of a second login shell is cut off', async () => {
    const wrapper = 'ForceCommand bash -lc "$SSH_ORIGINAL_COMMAND"';
    const { link } = await connected(optionsFor(await sshdForTest({ bashrc: 'echo noise\n', config: [wrapper] })));
    expect(await ask(link, 'cat', { stdin: 'data' })).toEqual({ ...clean, exitCode: 0, stdout: 'data' });
  });

  test('a login script that reads does not get a byte of our input', async () => {
    const bashrc = 'read -r -t 0.3 -n 5 line; echo "I read: $line"\n';
    const { link } = await connected(optionsFor(await sshdForTest({ bashrc })));
    expect(await ask(link, 'cat', { stdin: 'all of it' })).toEqual({ ...clean, exitCode: 0, stdout: 'all of it' });
    // with no input there is nothing to protect: it ends at once, and a script that waits for input goes on
    expect(await ask(link, 'echo yes')).toEqual({ ...clean, exitCode: 0, stdout: 'yes\n' });
  });

  test('a login script that exits leaves the command not run, and says so', async () => {
    const sshd = await sshdForTest({ bashrc: '[ -e "$HOME/closed" ] && { echo "no more logins"; exit 3; }\n' });
    const { link } = await connected(optionsFor(sshd));
    await ask(link, 'touch "$HOME/closed"');
    expect(await ask(link, 'touch "$HOME/ran"')).toMatchObject({
      exitCode: null,
      reason: expect.stringMatching(/did not run the command.*no more logins \(exit 3\)/),
    });
    expect(existsSync(join(sshd.home, 'ran'))).toBe(false);
  });
});

describeWithSshd('channels', () => {
  test('with MaxSessions 1 are used one after the other, and a followed file does not keep all others waiting', async () => {
    const { link } = await connected(optionsFor(await sshdForTest({ config: ['MaxSessions 1'] })));
    const followed = await link.spawn('echo listening; cat', 'control');
    await until(followed, 'listening');
    const upload = await link.spawn('echo receiving; cat', 'bulk');
    await until(upload, 'receiving');
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => ask(link, `echo ${index}`)));
    expect(answers.map(({ stdout }) => stdout)).toEqual(answers.map((_, index) => `${index}\n`));
    followed.stdin.end();
    followed.stderr.resume();
    expect(await followed.ended).toEqual({ exitCode: 0 });
    upload.abandon();
  });

  test('are given in the order in which they were asked for', async () => {
    const { link } = await connected(optionsFor(await sshdForTest(), { maxSessions: 1 }));
    const done: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        await ask(link, ':');
        done.push(index);
      }),
    );
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('of abandoned commands are waited for while the host keeps them, and used when it gives them back', async () => {
    const sshd = await sshdForTest({ config: ['MaxSessions 1'] });
    const { link } = await connected(optionsFor(sshd, { maxSessions: 2 }));
    execFileSync('mkfifo', [join(sshd.home, 'gate')]);
    // one on each of the two connections that control may have
    for (const number of [1, 2]) {
      const hung = await link.spawn(`echo hung${number}; read -r line < "$HOME/gate"`, 'control');
      await until(hung, `hung${number}`);
      hung.abandon();
    }
    const late = ask(link, 'echo late');
    const first = await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 500, 'waiting'))]);
    expect(first).toBe('waiting');
    // asked again after growing pauses, not as fast as it refuses
    expect(sshd.log().match(/no more sessions/g)?.length).toBeLessThan(15);
    writeFileSync(join(sshd.home, 'gate'), 'go\ngo\n');
    expect(await late).toMatchObject({ exitCode: 0, stdout: 'late\n' });
  });

  test('an abandoned command ends for us at once, and goes on on the host', async () => {
    const sshd = await sshdForTest();
    const { link } = await connected(optionsFor(sshd));
    const process = await link.spawn('echo started; sleep 0.3; touch "$HOME/done"', 'control');
    await until(process, 'started');
    process.abandon();
    expect(await process.ended).toEqual({ exitCode: null, reason: 'abandoned' });
    await expect.poll(() => existsSync(join(sshd.home, 'done'))).toBe(true);
  });
});
