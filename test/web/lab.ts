import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { webOf } from '../../src/store/queries.ts';
import { createSite } from '../lab/site.ts';
import type { Site, SiteOptions } from '../lab/site.ts';

export const SECRET = 'a-token-of-twenty-characters';

export interface PagedSite extends Site {
  /** Resolves with the address of the page, without a slash at its end, when it is served. */
  served(): Promise<string>;
  /** A file in the site's folder: what jobs and tests tell each other by. */
  file(name: string): string;
  /** Waits in sh until that file is there. */
  gate(name: string): string;
  open(gate: string): void;
}

/** A site whose daemon serves its page; `tester` has a token. */
export function createPagedSite(options: SiteOptions & { readonly listen?: string } = {}): PagedSite {
  const site = createSite(options);
  const file = (name: string): string => join(site.folder, name);
  writeFileSync(file('tokens'), `tester ${SECRET}\n`);
  chmodSync(file('tokens'), 0o600);
  site.configure({ web: { listen: options.listen ?? '127.0.0.1:0', token_file: file('tokens') } });
  return {
    ...site,
    file,
    served: async () => (await site.until('the page is served', (from) => webOf(from.db).url)).replace(/\/$/, ''),
    gate: (name) => `until [ -e '${file(name)}' ]; do sleep 0.05; done`,
    open: (gate) => writeFileSync(file(gate), ''),
  };
}

/** A port that is taken for as long as the test wants. */
export async function takePort(): Promise<{ readonly port: number; readonly free: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, free: () => new Promise((resolve) => server.close(() => resolve())) };
}
