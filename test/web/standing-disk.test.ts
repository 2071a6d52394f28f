import { mkdirSync, writeFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { FileSystem } from '../../src/views/web/disk.ts';
import { keyOf } from '../../src/views/web/files.ts';
import { fullSite } from '../cli/gather-shapes.ts';
import type { TestSite } from '../cli/site.ts';
import { testWeb, timersOf } from './web-site.ts';

const PAGE = '/cases/b4d3n3rgy';
const FILE = `${PAGE}/results/1/${keyOf('dose')}`;
const SAYS = 'has not answered for 2 s';

function withResults(site: TestSite): void {
  const folder = join(site.results, 'bad-energy', 'attempt-1');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ files: [{ path: 'dose', sizeBytes: 4 }] }));
  writeFileSync(join(folder, 'dose'), 'dose');
}

/** A file system of which what lies below `folder` stands still until it is let go. */
function standing(folder: string) {
  let letGo = (): void => {};
  let begin = (): void => {};
  let isStanding = true;
  const gone = new Promise<void>((resolve) => (letGo = resolve));
  const begun = new Promise<void>((resolve) => (begin = resolve));
  let hanging = 0;
  const hold = async (path: unknown): Promise<void> => {
    if (!isStanding || !String(path).startsWith(folder)) return;
    hanging += 1;
    begin();
    await gone;
  };
  const lstat = async (...args: Parameters<typeof fs.lstat>) => {
    await hold(args[0]);
    return fs.lstat(...args);
  };
  return {
    // the overloads of `lstat` do not survive a wrapper
    fs: { ...fs, lstat: lstat as FileSystem['lstat'] } satisfies FileSystem,
    begun,
    hanging: () => hanging,
    letGo: () => {
      isStanding = false;
      letGo();
    },
  };
}

test('while a read of the results never comes back (a port stands in for a dead file server) the other pages and /livez answer, and no second read is begun', async () => {
  const site = fullSite();
  withResults(site);
  const timers = timersOf(site.clock);
  const disk = standing(site.results);
  const web = testWeb(site, { fs: disk.fs });
  const asked = web.get(PAGE);
  await disk.begun;
  for (const path of ['/livez', '/cases', '/', '/hosts', '/metrics']) {
    expect([path, (await web.get(path)).status]).toEqual([path, 200]);
  }

  timers.fire(2_000);
  const page = await asked;
  expect(page.status).toBe(200);
  const text = await page.text();
  expect(text).toContain(SAYS);
  expect(text).toContain(join(site.results, 'bad-energy', 'attempt-1'));
  // from now on nobody waits for it
  expect((await web.get(FILE)).status).toBe(503);
  expect(await (await web.get(`${PAGE}/log`)).text()).not.toContain(SAYS);
  expect(await (await web.get('/readyz')).text()).toContain(`FAIL results: it ${SAYS}`);
  expect(disk.hanging()).toBe(1);

  disk.letGo();
  await expect.poll(async () => (await web.get(FILE)).status).toBe(200);
  expect(await (await web.get(FILE)).text()).toBe('dose');
  timers.fire(2_000);
  expect(await (await web.get(PAGE)).text()).not.toContain(SAYS);
});
