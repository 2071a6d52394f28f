import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

import type { InspectionMessage } from '../../src/views/inspector/message.ts';

/** A page of another origin that plays the part of https://stately.ai/inspect, with the receiver that Stately ships. */
export interface StatelyStandIn {
  readonly url: string;
  /** An empty page of the same, foreign origin. */
  readonly emptyUrl: string;
}

const RECEIVER = `
  import { createBrowserReceiver } from '@statelyai/inspect';
  window.heard = [];
  createBrowserReceiver().subscribe((message) => window.heard.push(message));
`;

export async function startStandIn(): Promise<StatelyStandIn> {
  const bundled = await build({
    stdin: { contents: RECEIVER, resolveDir: import.meta.dirname },
    bundle: true,
    format: 'iife',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  const script = bundled.outputFiles[0]!.text;
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    const body = request.url === '/inspect' ? `<script>${script.replaceAll('</script', '<\\/script')}</script>` : '';
    response.end(`<!doctype html><title>stand-in</title>${body}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/inspect`, emptyUrl: `http://127.0.0.1:${port}/` };
}

/** What the receiver handed on, in the page's own words. */
export function heardBy(page: Page): Promise<InspectionMessage[]> {
  return page.evaluate<InspectionMessage[]>('window.heard');
}
