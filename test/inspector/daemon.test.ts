import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';

import { createSite } from '../lab/site.ts';
import { startMqi } from './program.ts';

it('mqi run --inspect streams its cases, and lets its viewers go when it is stopped', async () => {
  const site = createSite();
  const daemon = startMqi(site, 'run', '--inspect');
  const { host, hash } = new URL(await daemon.address());
  const socket = new WebSocket(`ws://${host}/`, ['mqi.inspector', hash.slice(1).replace('=', '.')]);
  onTestFinished(() => socket.terminate());
  const heard: string[] = [];
  const isOver = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      const text = (data as Buffer).toString('utf8');
      heard.push(text);
      if (text.includes('"value":"completed"')) resolve();
    });
  });
  await once(socket, 'open');
  site.drop('Doe^Jane', 'mkdir output; echo done > output/result');
  await isOver;
  expect(heard[0]).toContain('"type":"@xstate.actor"');
  expect(heard.join()).not.toContain('Doe');
  const closed = once(socket, 'close');
  expect(await daemon.end('SIGTERM')).toBe(0);
  await closed;
});

it('a port that is taken costs the inspector, and nothing else', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const site = createSite();
  const daemon = startMqi(site, 'run', '--inspect', String(port));
  site.drop('a', 'mkdir output; echo done > output/result');
  expect((await site.final('a')).state).toBe('completed');
  expect(daemon.printed()).toContain('the inspector ends, everything else goes on: listen EADDRINUSE');
  expect(await daemon.end('SIGTERM')).toBe(0);
});
