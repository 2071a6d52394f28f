import { once } from 'node:events';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { createConnection } from 'node:net';

import { createWebSocketReceiver } from '@statelyai/inspect';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';

import { PROTOCOL_VERSION } from '../../src/views/inspector/message.ts';
import type { InspectionMessage } from '../../src/views/inspector/message.ts';
import { startRelay } from '../../src/views/inspector/relay.ts';
import type { Relay, RelayOptions } from '../../src/views/inspector/relay.ts';
import { storyOf } from '../../src/views/inspector/story.ts';
import { caseDetail } from '../../src/store/queries.ts';
import { testSite } from '../cli/site.ts';

const TOKEN = 'abcdefghijklmnopqrstuvwxyz234567';

async function relayOf(options: Partial<RelayOptions> = {}): Promise<Relay & { readonly refusals: string[] }> {
  const refusals: string[] = [];
  const relay = await startRelay({
    port: 0,
    token: TOKEN,
    inspectorUrl: 'https://stately.ai/inspect',
    mode: 'live',
    onRefused: (reason) => refusals.push(reason),
    ...options,
  });
  onTestFinished(() => relay.close());
  return { ...relay, refusals };
}

/** All messages of a finished case, from a real journal. */
function story(): InspectionMessage[] {
  const site = testSite();
  const id = site.admit('a');
  site.execute(id);
  site.finish(id, 0);
  return storyOf(caseDetail(site.store.db, id)!).flatMap(({ messages }) => messages);
}

interface Viewer {
  readonly socket: WebSocket;
  readonly heard: { readonly type: string; readonly id?: string }[];
  /** Resolves once so many messages came. */
  hears(count: number): Promise<void>;
}

async function viewerOf(relay: Relay, protocols: string[] = ['mqi.inspector', `token.${TOKEN}`]): Promise<Viewer> {
  const socket = new WebSocket(`ws://127.0.0.1:${relay.port}/`, protocols, {
    origin: `http://127.0.0.1:${relay.port}`,
  });
  onTestFinished(() => socket.terminate());
  const heard: Viewer['heard'] = [];
  let wake = (): void => {};
  socket.on('message', (data) => {
    heard.push(JSON.parse((data as Buffer).toString('utf8')) as { readonly type: string });
    wake();
  });
  await once(socket, 'open');
  return {
    socket,
    heard,
    async hears(count) {
      while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

/** What an upgrade is answered with. */
function knock(
  relay: Relay,
  options: ClientOptions & { readonly path?: string },
  protocols = ['mqi.inspector', `token.${TOKEN}`],
): Promise<{ readonly status: number; readonly messages: number }> {
  const socket = new WebSocket(`ws://127.0.0.1:${relay.port}${options.path ?? '/'}`, protocols, options);
  let messages = 0;
  socket.on('message', () => (messages += 1));
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_, response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, messages }));
    });
    socket.on('open', () => {
      socket.terminate();
      resolve({ status: 101, messages });
    });
    socket.on('error', reject);
  });
}

function fetchFrom(
  relay: Relay,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: relay.port, path, method, headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('a viewer', () => {
  it('hears everything that is published, in order', async () => {
    const relay = await relayOf();
    const viewer = await viewerOf(relay);
    const messages = story();
    relay.publish(messages);
    await viewer.hears(messages.length);
    expect(viewer.heard).toEqual(messages);
  });

  it('that comes late hears the definition, what happened, and the last snapshot; then goes on with the others', async () => {
    const relay = await relayOf();
    const messages = story();
    relay.publish(messages.slice(0, -2));
    const late = await viewerOf(relay);
    await late.hears(messages.length - 2);
    expect(late.heard[0]).toMatchObject({ type: '@xstate.actor', _version: PROTOCOL_VERSION });
    expect(JSON.parse((late.heard[0] as unknown as { definition: string }).definition)).toMatchObject({ id: 'case' });
    expect(late.heard.at(-1)).toMatchObject({
      type: '@xstate.snapshot',
      snapshot: { value: { running: 'collecting' } },
    });
    relay.publish(messages.slice(-2));
    await late.hears(messages.length);
    expect(late.heard).toEqual(messages);
  });

  it('may be the receiver of @statelyai/inspect itself, which gives its token in the address', async () => {
    const relay = await relayOf();
    const messages = story();
    relay.publish(messages);
    const heard: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      createWebSocketReceiver({ server: `ws://127.0.0.1:${relay.port}/?token=${TOKEN}` }).subscribe((message) => {
        heard.push(message);
        if (heard.length === messages.length) resolve();
      });
    });
    relay.tellPosition({ told: 1, of: 2, playing: true });
    await all;
    // Stately's protocol and nothing else
    expect(heard).toEqual(messages);
  });

  it('of our own hears where a replay is, and may ask for the next event; anything else it says is nothing', async () => {
    const commands: string[] = [];
    let wake = (): void => {};
    const asked = new Promise<void>((resolve) => (wake = resolve));
    const relay = await relayOf({
      mode: 'replay',
      onCommand: (command) => {
        commands.push(command);
        wake();
      },
    });
    relay.tellPosition({ told: 1, of: 9, playing: true });
    const viewer = await viewerOf(relay);
    await viewer.hears(1);
    expect(viewer.heard).toEqual([{ type: 'mqi.position', told: 1, of: 9, playing: true }]);
    for (const text of ['', '{', 'null', '{"type":"mqi.replay","command":"stop"}', '{"type":"@xstate.event"}']) {
      viewer.socket.send(text);
    }
    viewer.socket.send(JSON.stringify({ type: 'mqi.replay', command: 'step' }));
    await asked;
    expect(commands).toEqual(['step']);
  });

  it('that says too much at once is cut off', async () => {
    const relay = await relayOf();
    const viewer = await viewerOf(relay);
    viewer.socket.send('x'.repeat(1_000));
    const [code] = (await once(viewer.socket, 'close')) as [number];
    expect(code).toBe(1009);
  });

  it('that does not read is dropped, and the others are not held up', async () => {
    const relay = await relayOf();
    const [slow, quick] = [await viewerOf(relay), await viewerOf(relay)];
    const closed = once(slow.socket, 'close');
    slow.socket.pause();
    const [message] = story();
    const large = { ...message!, name: 'x'.repeat(1024 * 1024) } as InspectionMessage;
    for (let sent = 0; sent < 40; sent += 1) {
      relay.publish([large]);
      await quick.hears(sent + 1);
    }
    slow.socket.resume();
    await closed;
    expect(slow.heard.length).toBeLessThan(40);
    expect(quick.heard).toHaveLength(40);
  });

  it('is one of sixteen at most', async () => {
    const relay = await relayOf();
    for (let viewers = 0; viewers < 16; viewers += 1) await viewerOf(relay);
    expect(await knock(relay, {})).toEqual({ status: 403, messages: 0 });
    expect(relay.refusals).toEqual(['16 viewers are connected already']);
  });
});

describe('whoever should not hear anything', () => {
  const refused = { status: 403, messages: 0 };

  it.each([
    ['a page of another site', { origin: 'https://evil.example' }],
    ['a page of another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a page without an origin (a sandbox, a file)', { origin: 'null' }],
    ['a page over https', { origin: 'https://127.0.0.1' }],
    ['a name that was made to point here', { headers: { Host: 'evil.example' } }],
    [
      'a name that was made to point here, with its own origin',
      { origin: 'http://evil.example', headers: { Host: 'evil.example' } },
    ],
  ])('%s gets nothing, not even the upgrade, and not with the right token', async (_, options) => {
    const relay = await relayOf();
    relay.publish(story());
    expect(await knock(relay, options)).toEqual(refused);
    expect(relay.refusals).toHaveLength(1);
    expect(relay.refusals.join()).not.toContain(TOKEN);
  });

  it.each([
    ['no token', ['mqi.inspector'], '/'],
    ['a wrong one', ['mqi.inspector', `token.${TOKEN.slice(1)}x`], '/'],
    ['a part of it', ['mqi.inspector', `token.${TOKEN.slice(0, -1)}`], '/'],
    ['an empty one', ['mqi.inspector'], '/?token='],
    ['a wrong one in the address', ['mqi.inspector'], '/?token=wrong'],
  ])('%s gets nothing', async (_, protocols, path) => {
    const relay = await relayOf();
    relay.publish(story());
    expect(await knock(relay, { path }, protocols)).toEqual(refused);
    expect(relay.refusals).toEqual(['the token is missing or wrong']);
  });

  it('another machine cannot even connect: it listens on the loopback interface alone', async () => {
    const relay = await relayOf();
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
    // 127.0.0.2 is this machine too, but not where it listens
    for (const address of ['127.0.0.2', ...(outside === undefined ? [] : [outside])]) {
      const socket = createConnection(relay.port, address);
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).toBe('ECONNREFUSED');
    }
  });
});

describe('the page', () => {
  it('is there, holds no token, and may load nothing from elsewhere', async () => {
    const relay = await relayOf();
    const { status, headers, body } = await fetchFrom(relay, '/');
    expect(status).toBe(200);
    expect(body).toContain('<svg ');
    expect(body).toContain('data-inspector="https://stately.ai/inspect"');
    expect(body).not.toContain(TOKEN);
    expect(body).not.toContain('{{');
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' ws://127.0.0.1:${relay.port}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(body).not.toMatch(/<script(?! type="module" src="\/viewer.js")|<style|style=|\son\w+=/);
  });

  it.each(['/viewer.js', '/viewer.css'])('loads %s from the relay', async (path) => {
    const { status, headers } = await fetchFrom(await relayOf(), path);
    expect(status).toBe(200);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it.each([
    ['a foreign origin', '/', { Origin: 'https://evil.example' }, 'GET', 403],
    ['a foreign name', '/', { Host: 'evil.example' }, 'GET', 403],
    [
      'a page of another site that loads it as a script',
      '/viewer.js',
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'script' },
      'GET',
      403,
    ],
    [
      'a page of another site that frames it',
      '/',
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' },
      'GET',
      403,
    ],
    [
      'a link from elsewhere',
      '/',
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' },
      'GET',
      200,
    ],
    ['what is not there', '/../../../etc/passwd', {}, 'GET', 404],
    ['another method', '/', {}, 'POST', 405],
  ])('%s', async (_, path, headers, method, status) => {
    const relay = await relayOf();
    relay.publish(story());
    const answer = await fetchFrom(relay, path, headers, method);
    expect(answer.status).toBe(status);
    if (status !== 200) expect(answer.body).not.toContain('<');
  });

  it('names another inspector as an attribute, never as markup', async () => {
    const relay = await relayOf({ inspectorUrl: 'https://x.example/"><script>' });
    const { body } = await fetchFrom(relay, '/');
    expect(body).not.toContain('"><script>');
  });
});

it('a port that is taken is said', async () => {
  const relay = await relayOf();
  await expect(
    startRelay({ port: relay.port, token: TOKEN, inspectorUrl: 'https://stately.ai/inspect', mode: 'live' }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

it('its address carries the token in the fragment, which no browser sends', async () => {
  const relay = await relayOf();
  expect(new URL(relay.url)).toMatchObject({ hash: `#token=${TOKEN}`, search: '', hostname: '127.0.0.1' });
});
