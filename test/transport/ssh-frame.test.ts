import { execFileSync, spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { quote } from '../../src/transport/quote.ts';
import { COMMAND_LIMIT_BYTES, FrameReader, frameCommand } from '../../src/transport/ssh-frame.ts';

const NONCE = 'abcdefgh23456777';

/** Login shells that people have; those that are not installed are left out. MQI_SHELLS may name further ones. */
const SHELLS = [
  '/bin/sh',
  '/bin/bash',
  'tcsh',
  'fish',
  'zsh',
  'mksh',
  ...(process.env['MQI_SHELLS']?.split(':') ?? []),
].filter((shell) => spawnSync(shell, ['-c', 'true']).status === 0);

interface Framed {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly exitCode: number | null;
  readonly noise: string;
}

/** What a login shell makes of it: run as sshd runs it, read as we read it. */
async function run(shell: string, command: string, before = '', after = ''): Promise<Framed> {
  const frame = frameCommand(command, NONCE);
  const outcome = spawnSync(shell, ['-c', frame.argument], { input: 'input', env: { ...process.env, LC_ALL: 'C' } });
  const stdout = new FrameReader(frame.begin, frame.end, () => {});
  const stderr = new FrameReader(frame.beginErrors, null, () => {});
  const [out, err] = await Promise.all([
    read(stdout, [Buffer.from(before), outcome.stdout, Buffer.from(after)]),
    read(stderr, [Buffer.from(before), outcome.stderr]),
  ]);
  return { stdout: out, stderr: err, exitCode: stdout.exitCode, noise: stdout.noise };
}

async function read(reader: FrameReader, chunks: readonly Buffer[]): Promise<Buffer> {
  Readable.from(chunks.filter(({ length }) => length > 0)).pipe(reader);
  const pieces: Buffer[] = [];
  for await (const piece of reader) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

describe.each(SHELLS)('under the login shell %s', (shell) => {
  test('any text arrives as it is', async () => {
    const hard = fc.constantFrom(
      "'",
      '\\',
      '!',
      '\n',
      '"',
      '$',
      '`',
      '\\n',
      "\\'",
      '!!',
      '%',
      '\u00fc',
      '\u{1F9EA}',
      '\t',
      '\x1e',
      '~',
      '&',
      ';',
    );
    const text = fc
      .array(fc.oneof(hard, fc.string({ unit: 'binary' })), { maxLength: 12 })
      .map((parts) => parts.join('').replaceAll('\0', ''));
    await fc.assert(
      fc.asyncProperty(text, async (word) => {
        const { stdout, exitCode } = await run(shell, `printf %s ${quote(word)}`);
        // a lone surrogate is no text, and becomes the replacement character on its way
        expect(stdout.toString('utf8')).toBe(Buffer.from(word, 'utf8').toString('utf8'));
        expect(exitCode).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  test('a script of many lines runs, with its own standard input and exit status', async () => {
    const script = `cat <<'END'\nit's $HOME \\n !\nEND\nread -r word\necho "$word" >&2\nif true; then exit 42; fi # done`;
    const framed = await run(shell, script);
    expect(framed.stdout.toString()).toBe("it's $HOME \\n !\n");
    expect(framed.stderr.toString()).toBe('input\n');
    expect(framed.exitCode).toBe(42);
  });

  test('a command ended by a signal has the status that a shell gives it', async () => {
    expect(await run(shell, 'kill -TERM $$')).toMatchObject({ exitCode: 143 });
  });

  test('noise before and after stays outside', async () => {
    const framed = await run(shell, 'echo out; echo err >&2', 'Welcome to gpu1!\n', 'Good bye\n');
    expect([framed.stdout.toString(), framed.stderr.toString()]).toEqual(['out\n', 'err\n']);
    expect(framed.noise).toBe('Welcome to gpu1!');
  });
});

test('a shell that echoes its command line does not print the mark with it', async () => {
  const frame = frameCommand('echo yes', NONCE);
  const { stderr } = spawnSync('/bin/bash', ['-xvc', frame.argument]);
  expect(stderr.toString()).toContain(NONCE);
  expect((await read(new FrameReader(frame.beginErrors, null, () => {}), [stderr])).toString()).toBe('');
});

test('without a begin mark nothing gets through, and what came is kept for the message', async () => {
  const reader = new FrameReader(Buffer.from('\x1emark\x1e'), Buffer.from('\x1eend:'), () => {});
  const got = await read(reader, [Buffer.from('This account '), Buffer.from('is not available.\x1em')]);
  expect(got.length).toBe(0);
  expect([reader.begun, reader.exitCode, reader.noise]).toEqual([false, null, 'This account is not available.\x1em']);
});

test('however the bytes are cut, the same comes out', async () => {
  const frame = frameCommand('x', NONCE);
  // pieces of the marks themselves, so that false starts are common
  const piece = fc.constantFrom(
    '\x1e',
    `\x1e${NONCE}`,
    `\x1e${NONCE}:end:`,
    `\x1e${NONCE}:end:7`,
    'data',
    '7',
    '\n',
    ':',
  );
  const body = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(body, fc.array(fc.nat(40), { maxLength: 12 }), async (data, cuts) => {
      fc.pre(!/:end:\d{1,3}\x1e/.test(`${data}\x1e`));
      const whole = Buffer.concat([
        Buffer.from('noise\x1e'),
        frame.begin,
        Buffer.from(data),
        frame.end,
        Buffer.from('3\x1elogout'),
      ]);
      const reader = new FrameReader(frame.begin, frame.end, () => {});
      expect((await read(reader, cutUp(whole, cuts))).toString()).toBe(data);
      expect(reader.exitCode).toBe(3);
    }),
    { numRuns: 300 },
  );
});

function cutUp(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let rest = bytes;
  for (const cut of cuts) {
    pieces.push(rest.subarray(0, cut));
    rest = rest.subarray(cut);
  }
  return [...pieces, rest];
}

test('a command that is too long for one argument is refused before anything is sent', () => {
  expect(() => frameCommand('x'.repeat(COMMAND_LIMIT_BYTES), NONCE)).toThrow('too long');
  const longest = 'x'.repeat(COMMAND_LIMIT_BYTES - 1_000);
  expect(
    execFileSync('/bin/sh', ['-c', frameCommand(`: ${longest}; echo ran`, NONCE).argument], {
      stdio: 'pipe',
    }).toString(),
  ).toContain('ran');
});

test('a NUL byte is refused', () => {
  expect(() => frameCommand('a\0b', NONCE)).toThrow('NUL');
});
