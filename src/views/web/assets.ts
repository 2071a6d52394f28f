import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the browser loads beside the pages: all of it ours, or of a package that is installed with us. */
export interface Assets {
  /** Changes with any of them, so that a browser may keep them for ever. */
  readonly version: string;
  url(name: string): string;
  find(name: string): { readonly type: string; readonly body: Uint8Array<ArrayBuffer> } | null;
}

const OWN = [
  'app.js',
  'charts.js',
  'choose.js',
  'parts.js',
  'tails.js',
  'times.js',
  'stream.js',
  'style.css',
  'icon.svg',
] as const;
const TYPES = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' } as const;

export function readAssets(): Assets {
  const folder = assetsFolder();
  const files = new Map<string, Uint8Array<ArrayBuffer>>(
    OWN.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
  );
  const morph = createRequire(import.meta.url).resolve('idiomorph/dist/idiomorph.esm.js');
  files.set('idiomorph.js', new Uint8Array(readFileSync(morph)));
  const hash = createHash('sha256');
  for (const [name, body] of files) hash.update(name).update(body);
  const version = hash.digest('hex').slice(0, 12);
  return {
    version,
    url: (name) => `/assets/${version}/${name}`,
    find(name) {
      const body = files.get(name);
      const type = TYPES[name.split('.').at(-1) as keyof typeof TYPES];
      return body === undefined ? null : { type, body };
    },
  };
}

/** They are shipped as they are; the compiled program finds them beside the sources that it was compiled from. */
function assetsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('this installation has no assets of the web page');
    folder = parent;
  }
  return join(folder, 'src', 'views', 'web', 'assets');
}
