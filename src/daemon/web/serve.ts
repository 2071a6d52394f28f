import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createAdaptorServer } from '@hono/node-server';

import type { WebConfig } from '../../config/config.ts';
import { formatListen } from '../../config/listen.ts';
import type { WebApp } from '../../views/web/app.ts';

/** The port that nobody was asked for. */
const DEFAULT_PORT = 8787;

/** Connections at once: each open browser has one for its stream, and some for a moment. */
const MOST_CONNECTIONS = 1_000;
/** A browser sends its request at once; whoever does not holds a connection up. */
const REQUEST_MS = 15_000;
const HEADERS_MS = 10_000;
const KEEP_ALIVE_MS = 20_000;
const LARGEST_HEADERS_BYTES = 16_384;

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** @throws when the port is taken, or the address is not one of this machine */
export async function serve(app: WebApp, listen: WebConfig['listen']): Promise<Served> {
  const places = listen.kind === 'at' ? [listen] : [DEFAULT_PORT, 0].map((port) => ({ address: '127.0.0.1', port }));
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      maxHeaderSize: LARGEST_HEADERS_BYTES,
      requestTimeout: REQUEST_MS,
      headersTimeout: HEADERS_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
  }) as Server;
  server.maxConnections = MOST_CONNECTIONS;
  await listenOn(server, places);
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${formatListen({ address, port })}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** On the first of the places that is not taken. */
async function listenOn(
  server: Server,
  [first, ...others]: readonly { readonly address: string; readonly port: number }[],
): Promise<void> {
  if (first === undefined) throw new Error('nowhere to listen');
  try {
    server.listen(first.port, first.address);
    await once(server, 'listening');
  } catch (error) {
    if (others.length > 0 && (error as NodeJS.ErrnoException).code === 'EADDRINUSE') return listenOn(server, others);
    throw error;
  }
}
