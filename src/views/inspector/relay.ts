import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod';

import { SUBPROTOCOL, refusal, streamRefusal, subprotocolsOf } from './access.ts';
import type { Door } from './access.ts';
import { createMemory } from './memory.ts';
import type { InspectionMessage } from './message.ts';
import { readPage } from './page.ts';
import type { Page } from './page.ts';
import type { ReplayCommand, ReplayPosition } from './replay.ts';

/** Windows of one engineer: more is a mistake somewhere. */
const MOST_VIEWERS = 16;

/** Viewers, and those who load the page or are just being refused. */
const MOST_CONNECTIONS = 64;

/** A viewer that lets this much wait does not read any more: it is dropped, and may come again. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/** The largest message that a viewer may send: a command. */
const MOST_COMMAND_BYTES = 256;

export interface RelayOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly token: string;
  /** Where the inspector lives that the page may open: Stately's own, unless somebody runs another. */
  readonly inspectorUrl: string;
  readonly mode: 'live' | 'replay';
  /** What a viewer asks of a replay. */
  readonly onCommand?: (command: ReplayCommand) => void;
  /** Each refused request, for the log; never with a token in it. */
  readonly onRefused?: (reason: string) => void;
}

export interface Relay {
  /** Of the page, with the token in its fragment: which no browser sends to any server. */
  readonly url: string;
  readonly port: number;
  publish(messages: readonly InspectionMessage[]): void;
  /** Where a replay is: told to our own page only, other viewers speak Stately's protocol alone. */
  tellPosition(position: ReplayPosition): void;
  close(): Promise<void>;
}

const command = z.strictObject({ type: z.literal('mqi.replay'), command: z.enum(['play', 'pause', 'step']) });

/**
 * A small server on the loopback interface: one page, and a stream of inspection messages over WebSocket, which begins
 * with all that a late viewer missed.
 * @throws Error when the port is taken
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const memory = createMemory();
  let position: string | null = null;
  const server = createServer();
  server.maxConnections = MOST_CONNECTIONS;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_COMMAND_BYTES,
    perMessageDeflate: false,
    handleProtocols: (names) => (names.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  const door: Door = { port, token: options.token };
  const page = readPage({ inspectorUrl: options.inspectorUrl, mode: options.mode });

  server.on('request', (request, response) => answer(request, response, refusal(door, request.headers), page));
  server.on('upgrade', (request, socket, head) => {
    const reason =
      streamRefusal(door, request.headers, request.url ?? '') ??
      (sockets.clients.size >= MOST_VIEWERS ? `${MOST_VIEWERS} viewers are connected already` : null);
    if (reason === null) sockets.handleUpgrade(request, socket, head, (viewer) => welcome(viewer, request));
    else {
      options.onRefused?.(reason);
      refuseUpgrade(socket, reason);
    }
  });

  function welcome(viewer: WebSocket, request: IncomingMessage): void {
    for (const text of memory.recall()) send(viewer, text);
    // a connection that breaks is no error of ours: the viewer comes again
    viewer.on('error', () => viewer.terminate());
    if (!subprotocolsOf(request.headers).includes(SUBPROTOCOL)) return;
    if (position !== null) send(viewer, position);
    viewer.on('message', (data) => {
      const asked = command.safeParse(parsed((data as Buffer).toString('utf8')));
      if (asked.success) options.onCommand?.(asked.data.command);
    });
  }

  function broadcast(text: string, isOurs: boolean): void {
    for (const viewer of sockets.clients) if (!isOurs || viewer.protocol === SUBPROTOCOL) send(viewer, text);
  }

  return {
    port,
    url: `http://127.0.0.1:${port}/#token=${options.token}`,
    publish(messages) {
      for (const message of messages) broadcast(memory.note(message), false);
    },
    tellPosition(now) {
      position = JSON.stringify({ type: 'mqi.position', ...now });
      broadcast(position, true);
    },
    close() {
      for (const viewer of sockets.clients) viewer.terminate();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // loopback only, whatever happens: there is no option to bind elsewhere
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function send(viewer: WebSocket, text: string): void {
  if (viewer.readyState !== WebSocket.OPEN) return;
  if (viewer.bufferedAmount > MOST_WAITING_BYTES) viewer.terminate();
  else viewer.send(text);
}

function answer(request: IncomingMessage, response: ServerResponse, refused: string | null, page: Page): void {
  const file = page.find((request.url ?? '').split('?')[0] ?? '');
  const [status, type, body] =
    refused !== null
      ? [403, 'text/plain; charset=utf-8', refused]
      : request.method !== 'GET'
        ? [405, 'text/plain; charset=utf-8', 'GET only']
        : file === null
          ? [404, 'text/plain; charset=utf-8', 'there is only /']
          : [200, file.type, file.body];
  response.writeHead(status, {
    ...page.headers(request.headers.host ?? ''),
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

function refuseUpgrade(socket: Duplex, reason: string): void {
  // a peer that is gone already is refused as well
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
