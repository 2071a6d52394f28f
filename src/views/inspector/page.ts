import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { caseMachine } from '../../../machines/index.ts';
import { renderChart } from '../diagram.ts';

/** The relay's page and what it loads; nothing of it is secret, and nothing comes from elsewhere. */
export interface Page {
  find(path: string): { readonly type: string; readonly body: string } | null;
  /** For any answer to a request that named this `host`. */
  headers(host: string): Readonly<Record<string, string>>;
}

export interface PageOptions {
  readonly inspectorUrl: string;
  readonly mode: 'live' | 'replay';
}

export function readPage(options: PageOptions): Page {
  const asset = (name: string): string => readFileSync(join(assetsFolder(), name), 'utf8');
  const html = asset('page.html')
    .replace('{{inspector}}', options.inspectorUrl.replaceAll('&', '&amp;').replaceAll('"', '&quot;'))
    .replace('{{mode}}', options.mode)
    .replace('{{chart}}', () => renderChart(caseMachine, []));
  const files = new Map([
    ['/', { type: 'text/html; charset=utf-8', body: html }],
    ['/viewer.js', { type: 'text/javascript; charset=utf-8', body: asset('viewer.js') }],
    ['/viewer.css', { type: 'text/css; charset=utf-8', body: asset('viewer.css') }],
  ]);
  return { find: (path) => files.get(path) ?? null, headers };
}

function headers(host: string): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      'img-src data:',
      // older browsers do not count ws: to 'self'
      `connect-src 'self' ws://${/^[\w.:[\]-]+$/.test(host) ? host : '127.0.0.1'}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    // the inspector's window must be able to answer the page that opened it
    'Cross-Origin-Opener-Policy': 'same-origin-allow-popups',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  };
}

/** They are shipped as they are; the compiled program finds them beside the sources that it was compiled from. */
function assetsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('this installation has no assets of the inspector');
    folder = parent;
  }
  return join(folder, 'src', 'views', 'inspector', 'assets');
}
