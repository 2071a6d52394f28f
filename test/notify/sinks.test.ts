import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { SMTPServer } from 'smtp-server';
import { describe, expect, onTestFinished, test } from 'vitest';

import type { EmailConfig } from '../../src/config/config.ts';
import { systemClock } from '../../src/daemon/clock.ts';
import { backoffMs } from '../../src/daemon/notify/deliverer.ts';
import { testMessage } from '../../src/daemon/notify/message.ts';
import { createSink } from '../../src/daemon/notify/create-sink.ts';
import { processOf } from '../lab/processes.ts';
import { startReceiver } from '../lab/receiver.ts';
import { tempFolder } from '../store/temp.ts';

const MESSAGE = testMessage('ops', { instance: 'abc234', machine: 'here' }, Date.UTC(2026, 0, 2, 3, 4, 5));
const quiet = new AbortController().signal;
const common = { name: 'ops', on: [], timeoutMs: 5_000 };

function secretFile(text = 'secret', mode = 0o600): string {
  const file = join(tempFolder(), 'secret');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

/** Accepts connections and says nothing. */
async function silentServer(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('a webhook', () => {
  const hook = (url: string, secret: string, timeoutMs = 5_000) =>
    createSink({ ...common, timeoutMs, type: 'webhook', url, secretFile: secret }, systemClock);

  test('is delivered by a 2xx, and by nothing else: not by a redirect either', async () => {
    const receiver = await startReceiver('secret');
    const sink = hook(receiver.url, secretFile());
    receiver.refuse(200, 301, 400, 500);
    expect(await sink.deliver(MESSAGE, quiet)).toEqual({ kind: 'delivered' });
    for (const status of [301, 400, 500]) {
      expect(await sink.deliver(MESSAGE, quiet)).toEqual({ kind: 'failed', reason: `HTTP ${status}` });
    }
    expect(receiver.arrived.map(({ isSigned }) => isSigned)).toEqual([true, true, true, true]);
  });

  test('that nobody answers ends after its time, with a reason', async () => {
    const port = await silentServer();
    const sink = hook(`http://127.0.0.1:${port}/`, secretFile(), 200);
    expect(await sink.deliver(MESSAGE, quiet)).toEqual({ kind: 'failed', reason: 'no answer within 0.2 s' });
  });

  test('to a closed port says why', async () => {
    const port = await silentServer();
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port: gone } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    expect(gone).not.toBe(port);
    const answer = await hook(`http://127.0.0.1:${gone}/`, secretFile()).deliver(MESSAGE, quiet);
    expect(answer).toMatchObject({ kind: 'failed', reason: expect.stringContaining('ECONNREFUSED') });
  });

  test.each([
    ['that others can read', () => secretFile('secret', 0o640), 'chmod 600'],
    ['that is empty', () => secretFile('\nsecret'), 'holds no secret'],
    ['that is not there', () => join(tempFolder(), 'none'), 'ENOENT'],
  ])('with a secret file %s sends nothing', async (_, file, reason) => {
    const receiver = await startReceiver('secret');
    const answer = await hook(receiver.url, file()).deliver(MESSAGE, quiet);
    expect(answer).toMatchObject({ kind: 'failed', reason: expect.stringContaining(reason) });
    expect(receiver.arrived).toEqual([]);
  });
});

describe('a mail', () => {
  /** A real SMTP server on loopback; `mails` are the raw texts that it took. */
  async function smtp(options: { readonly login?: readonly [string, string]; readonly isBusy?: boolean } = {}) {
    const mails: { readonly to: readonly string[]; readonly text: string }[] = [];
    const server = new SMTPServer({
      authOptional: options.login === undefined,
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      onAuth: ({ username, password }, _, done) => {
        const isRight = username === options.login?.[0] && password === options.login?.[1];
        done(isRight ? null : new Error('no such user'), { user: username });
      },
      onRcptTo: (_, __, done) => done(options.isBusy === true ? new Error('mailbox is busy') : null),
      onData: (stream, session, done) => {
        let text = '';
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
        stream.on('end', () => {
          mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
          done();
        });
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    return { mails, port: (server.server.address() as AddressInfo).port };
  }

  const mail = (port: number, change: Partial<EmailConfig> = {}) =>
    createSink(
      {
        ...common,
        type: 'email',
        smtp: '127.0.0.1',
        port,
        security: 'none',
        login: null,
        from: 'mqi@here',
        to: ['ada@there', 'bob@there'],
        ...change,
      },
      systemClock,
    );

  test('arrives at everybody, with one Message-ID for all repeats', async () => {
    const { mails, port } = await smtp();
    for (let times = 0; times < 2; times += 1)
      expect(await mail(port).deliver(MESSAGE, quiet)).toEqual({ kind: 'delivered' });
    expect(mails.map(({ to }) => to)).toEqual([
      ['ada@there', 'bob@there'],
      ['ada@there', 'bob@there'],
    ]);
    expect(mails[0]!.text).toMatch(/^Subject: \[mqi\] a test of sink ops: nothing is wrong\r$/m);
    expect(mails[0]!.text).toContain('next: mqi notifications list');
    const ids = mails.map(({ text }) => /^Message-I[dD]: (.*)\r$/m.exec(text)?.[1]);
    expect(ids[0]).toBe(`<${MESSAGE.delivery}.abc234@mqi.invalid>`);
    expect(ids[1]).toBe(ids[0]);
  });

  test('logs in with the password of its file; a wrong one is said', async () => {
    const { mails, port } = await smtp({ login: ['mqi', 'right'] });
    const login = (password: string) => ({ login: { user: 'mqi', passwordFile: secretFile(password) } });
    expect(await mail(port, login('right')).deliver(MESSAGE, quiet)).toEqual({ kind: 'delivered' });
    const refused = await mail(port, login('wrong')).deliver(MESSAGE, quiet);
    expect(refused).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/535|no such user/) });
    expect(mails).toHaveLength(1);
  });

  test('is never sent in the clear where TLS was asked for', async () => {
    const { mails, port } = await smtp();
    for (const security of ['starttls', 'tls'] as const) {
      expect(await mail(port, { security }).deliver(MESSAGE, quiet)).toMatchObject({ kind: 'failed' });
    }
    expect(mails).toEqual([]);
  });

  test('that the server refuses, or never answers, is failed with a reason', async () => {
    const { port } = await smtp({ isBusy: true });
    const busy = await mail(port).deliver(MESSAGE, quiet);
    expect(busy).toMatchObject({ kind: 'failed', reason: expect.stringContaining('busy') });
    const silent = await mail(await silentServer(), { timeoutMs: 300 }).deliver(MESSAGE, quiet);
    expect(silent).toMatchObject({ kind: 'failed' });
  });
});

describe('a command', () => {
  const program = (script: string, timeoutMs = 5_000) => {
    const file = join(tempFolder(), 'say.sh');
    writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { sink: createSink({ ...common, timeoutMs, type: 'command', command: [file, 'a b'] }, systemClock) };
  };

  test('gets its arguments, the facts in its environment and all of it as JSON', async () => {
    const out = join(tempFolder(), 'out');
    const { sink } = program(`{ echo "$1"; echo "$MQI_EPISODE_SUMMARY"; cat; } > '${out}'`);
    expect(await sink.deliver(MESSAGE, quiet)).toEqual({ kind: 'delivered' });
    const [argument, summary, json] = readFileSync(out, 'utf8').split('\n');
    expect([argument, summary, JSON.parse(json!)]).toEqual(['a b', MESSAGE.summary, MESSAGE]);
  });

  test('that reads nothing is delivered by its exit code alone; another one says what it said', async () => {
    expect(await program('exit 0').sink.deliver(MESSAGE, quiet)).toEqual({ kind: 'delivered' });
    const failed = await program('echo the pager is off >&2; exit 7').sink.deliver(MESSAGE, quiet);
    expect(failed).toEqual({ kind: 'failed', reason: 'exit code 7: the pager is off' });
  });

  test('that hangs is ended with everything that it started', async () => {
    const pids = join(tempFolder(), 'pids');
    const { sink } = program(`sleep 300 & echo $! $$ > '${pids}'; wait`, 3_000);
    expect(await sink.deliver(MESSAGE, quiet)).toEqual({ kind: 'failed', reason: 'not over within 3 s' });
    const started = readFileSync(pids, 'utf8').trim().split(' ').map(Number);
    expect(started).toHaveLength(2);
    await expect.poll(() => started.map(processOf)).toEqual([null, null]);
  });

  test('that is over takes along what it left behind', async () => {
    const pid = join(tempFolder(), 'pid');
    const { sink } = program(`sleep 300 & echo $! > '${pid}'`);
    expect(await sink.deliver(MESSAGE, quiet)).toEqual({ kind: 'delivered' });
    const left = Number(readFileSync(pid, 'utf8'));
    expect(left).toBeGreaterThan(1);
    await expect.poll(() => processOf(left)).toBeNull();
  });

  test('that is not there is failed', async () => {
    const sink = createSink({ ...common, type: 'command', command: ['/nowhere/say'] }, systemClock);
    expect(await sink.deliver(MESSAGE, quiet)).toMatchObject({ reason: expect.stringContaining('ENOENT') });
  });
});

test('tries come rarer and rarer, up to a quarter of an hour, never two sinks in step', () => {
  const delays = [1, 2, 3, 4, 5].map((tries) => backoffMs(tries, 0.5));
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
  expect(backoffMs(60, 0.5)).toBe(900_000);
  expect([backoffMs(1, 0), backoffMs(1, 0.999)]).toEqual([750, 1_250]);
});
