import { mkdirSync, readdirSync, readlinkSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { lastingTroubles, webOf } from '../../src/store/queries.ts';
import { canHang, mountHangingDisk } from '../lab/hanging-disk.ts';
import { createSite } from '../lab/site.ts';

/** What a process has open. */
function filesOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return [readlinkSync(join(folder, fd))];
    } catch {
      // closed meanwhile
      return [];
    }
  });
}

test.skipIf(!canHang)(
  'a watched folder on a file server that does not answer at the start holds up no running job, and is named',
  async () => {
    const site = createSite({ slots: 1, config: { web: { listen: '127.0.0.1:0' } } });
    const source = join(site.folder, 'source');
    mkdirSync(source);
    const disk = await mountHangingDisk(source, site.watch);
    const first = site.start();
    await first.says('watching');
    const go = join(site.folder, 'go');
    const drop = (name: string, script: string): void => {
      const hidden = join(site.folder, `.${name}`);
      mkdirSync(hidden);
      writeFileSync(join(hidden, 'run.sh'), script);
      renameSync(hidden, join(source, name));
    };
    drop('long', `while [ ! -e '${go}' ]; do sleep 0.1; done; mkdir -p output; echo dose > output/d`);
    await site.in('long', 'executing');
    first.kill('SIGKILL');
    await first.exited;

    disk.hang();
    const second = site.start();
    await second.says('is online');
    mkdirSync(go);
    expect((await site.final('long')).state).toBe('completed');
    await site.until('the watched folder is told', ({ db }) =>
      lastingTroubles(db).some(({ what, reason }) => what === 'standing' && reason.includes(site.watch)),
    );
    const { url } = await site.until('there is a page', ({ db }) => (webOf(db).url === null ? null : webOf(db)));
    const ready = await fetch(new URL('/readyz', url!));
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('FAIL watched folder')]);
    // no command waits for it
    const status = await site.mqi('status');
    expect(status.out).toContain('the watched folder does not answer');

    disk.goOn();
    drop('next', 'mkdir -p output; echo dose > output/d');
    expect((await site.final('next')).state).toBe('completed');
    await site.until(
      'the watched folder is well',
      ({ db }) => !lastingTroubles(db).some(({ what }) => what === 'standing'),
    );
  },
);

test.skipIf(!canHang)(
  'a file server that dies while its folders are watched, read and retried takes not all threads: a job goes on and its results are collected',
  async () => {
    const site = createSite({ slots: 1 });
    const source = join(site.folder, 'source');
    mkdirSync(source);
    const disk = await mountHangingDisk(source, site.watch);
    const daemon = site.start();
    await daemon.says('watching');
    const go = join(site.folder, 'go');
    const drop = (name: string, script: string): void => {
      const hidden = join(site.folder, `.${name}`);
      mkdirSync(hidden);
      writeFileSync(join(hidden, 'run.sh'), script);
      renameSync(hidden, join(source, name));
    };
    drop('over', 'exit 3');
    expect((await site.final('over')).state).toBe('failed');
    drop('long', `while [ ! -e '${go}' ]; do sleep 0.1; done; mkdir -p output; echo dose > output/d`);
    await site.in('long', 'executing');
    // one folder is sampled again and again, and two files of another are being read when the server dies
    drop('unfinished', 'exit 0');
    writeFileSync(join(source, 'unfinished', 'x.part'), '');
    const large = join(source, 'large');
    mkdirSync(`${large}.part`);
    for (const name of ['a', 'b']) {
      writeFileSync(join(`${large}.part`, name), '');
      truncateSync(join(`${large}.part`, name), 16 * 1024 ** 3);
    }
    renameSync(`${large}.part`, large);
    await expect
      .poll(() => filesOf(daemon.child.pid!).filter((file) => file.startsWith(join(site.watch, 'large'))))
      .toHaveLength(2);
    disk.hang();
    await site.mqi('cases', 'retry', 'over', '--yes');
    await site.until('the watched folder is told', ({ db }) =>
      lastingTroubles(db).some(({ what }) => what === 'standing'),
    );
    mkdirSync(go);
    expect((await site.final('long')).state).toBe('completed');
    // what is still read of it is over soon
    for (const name of ['a', 'b']) truncateSync(join(large, name), 0);
    disk.goOn();
    drop('next', 'mkdir -p output; echo dose > output/d');
    expect((await site.final('next')).state).toBe('completed');
  },
);

test.skipIf(!canHang)('a daemon ends in time while its watched folder does not answer', async () => {
  const site = createSite();
  const source = join(site.folder, 'source');
  mkdirSync(source);
  const disk = await mountHangingDisk(source, site.watch);
  disk.hang();
  const daemon = site.start();
  await daemon.says('is online');
  const begun = performance.now();
  daemon.kill('SIGTERM');
  await daemon.exited;
  expect(performance.now() - begun).toBeLessThan(30_000);
  disk.goOn();
});
