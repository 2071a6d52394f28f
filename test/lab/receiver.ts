import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { onTestFinished } from 'vitest';

/** One POST as it arrived; `isSigned` is checked as docs/operations.md tells a receiver to. */
export interface Arrived {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly message: Readonly<Record<string, unknown>>;
  readonly isSigned: boolean;
}

/** A receiver of webhooks on loopback. */
export interface Receiver {
  readonly url: string;
  /** In the order of arrival, also those that were refused. */
  readonly arrived: readonly Arrived[];
  /** The status that each next POST gets; 204 when the list is used up. */
  refuse(...statuses: readonly number[]): void;
}

export async function startReceiver(secret: string): Promise<Receiver> {
  const arrived: Arrived[] = [];
  let statuses: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const message = JSON.parse(body) as Record<string, unknown>;
      arrived.push({ headers: request.headers, body, message, isSigned: isSigned(secret, request.headers, body) });
      response.writeHead(statuses.shift() ?? 204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    arrived,
    refuse: (...next) => {
      statuses = [...next];
    },
  };
}

function isSigned(secret: string, headers: NodeJS.Dict<string | string[]>, body: string): boolean {
  const timestamp = String(headers['x-mqi-timestamp']);
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > 300) return false;
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`);
  const given = Buffer.from(String(headers['x-mqi-signature']));
  return given.length === expected.length && timingSafeEqual(given, expected);
}
