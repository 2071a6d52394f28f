import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { describe, expect, test, vi } from 'vitest';

import { createLocalSpawn, spawnLocal } from '../../src/transport/local.ts';
import { quote } from '../../src/transport/quote.ts';
import type { Spawn } from '../../src/transport/transport.ts';
import { TREE, attemptOf, expectArrived, send } from './arrival.ts';
import { FILES, fetch, placeOf } from './collection.ts';
import { cleanScratch, readTree, scratch, writeAttempt, writeTree } from './scratch.ts';

cleanScratch();

/** What was flushed, and whether the thing had its last name by then. */
interface Flush {
  readonly paths: readonly string[];
  readonly isNamed: boolean;
}

describe('an upload, for a power cut of the host:', () => {
  /** A `sync` of the host that notes what it was asked for, and whether the attempt has its name. */
  function recorder(root: string): { readonly spawn: Spawn; readonly flushes: () => Flush[] } {
    const bin = join(scratch(), 'bin');
    const log = join(bin, 'log');
    mkdirSync(bin);
    const place = join(attemptOf(root), 'manifest');
    writeFileSync(
      join(bin, 'sync'),
      `#!/bin/sh\n{ [ -f ${quote(place)} ] && printf 'named\\0' || printf 'unnamed\\0'; for file; do printf '%s\\0' "$file"; done; printf '\\0'; } >> ${quote(log)}\n`,
    );
    chmodSync(join(bin, 'sync'), 0o755);
    return {
      spawn: createLocalSpawn({ PATH: `${bin}:${process.env['PATH'] ?? ''}` }),
      flushes: () =>
        readFileSync(log, 'utf8')
          .split('\0\0')
          .filter((call) => call !== '')
          .map((call) => {
            const [state, ...paths] = call.split('\0');
            return { paths, isNamed: state === 'named' };
          }),
    };
  }

  const RENAMED = (root: string): string[] => [join(root, 'attempts'), `${join(root, 'attempts')}/..`];

  test('every input, the manifest and every directory are flushed before the attempt has its name, its directory after', async () => {
    const folder = scratch();
    const root = scratch();
    writeTree(folder, TREE);
    const { spawn, flushes } = recorder(root);
    expect(await send(spawn, folder, root)).toEqual({ kind: 'sent' });
    expectArrived(folder, root);
    const before = flushes().filter(({ isNamed }) => !isNamed);
    const flushed = before.flatMap(({ paths }) => paths).map((path) => path.replace(/^\.\//, ''));
    const arrived = Object.keys(readTree(attemptOf(root))).map((path) => path.replace(/\/$/, ''));
    expect(flushed.sort()).toEqual(['.', ...arrived].sort());
    expect(flushes().filter(({ isNamed }) => isNamed)).toEqual([{ paths: RENAMED(root), isNamed: true }]);
  });

  test('of very many files their whole file system is', async () => {
    const folder = scratch();
    const root = scratch();
    writeTree(folder, Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`${n}`, `${n}`])));
    const { spawn, flushes } = recorder(root);
    expect(await send(spawn, folder, root)).toEqual({ kind: 'sent' });
    expect(flushes()).toEqual([
      { paths: ['-f', '.'], isNamed: false },
      { paths: RENAMED(root), isNamed: true },
    ]);
  });
});

describe('a collection, for a power cut of this machine:', () => {
  test('every result is flushed before it has its name, every folder when it is complete, and the one above at last', async () => {
    const root = scratch();
    const results = scratch();
    const directory = writeAttempt(root, FILES);
    // a second name of a file comes as a copy
    const link = 'b/second name';
    const list = readFileSync(join(directory, 'outputs'));
    linkSync(join(directory, 'a first'), join(directory, link));
    writeFileSync(join(directory, 'outputs'), Buffer.concat([list, Buffer.from(`1000 ./${link}\0`)]));
    const flushed = await recorded(async () => {
      expect(await fetch(spawnLocal, root, results)).toMatchObject({ kind: 'fetched', files: 10 });
    });
    const target = placeOf(results);
    const tree = Object.keys(readTree(target));
    const files = flushed.filter(({ isFile }) => isFile);
    for (const name of tree.filter((path) => !path.endsWith('/'))) {
      const { ino } = statSync(join(target, name));
      const mine = files.filter((flush) => flush.ino === ino);
      expect(mine, `${name} is flushed`).not.toEqual([]);
      // only the folder as a whole gets the last name
      expect(mine[0]!.path.startsWith(target), name).toBe(false);
      if (name !== 'manifest.json' && name !== link) expect(basename(mine[0]!.path), name).toMatch(/^partial-/);
    }
    for (const name of ['', ...tree.filter((path) => path.endsWith('/'))]) {
      const { ino } = statSync(join(target, name));
      const mine = flushed.filter((flush) => flush.ino === ino);
      expect(mine.at(-1)?.path.startsWith(target), `${name} is flushed before it has its name`).toBe(false);
      expect(mine.at(-1)?.names, `${name} is flushed with all that it holds`).toEqual(readdirSync(join(target, name)));
    }
    const last = flushed.slice(-2).map(({ path, names }) => [path, names.filter((name) => !name.startsWith('.'))]);
    expect(last).toEqual([
      [dirname(target), [basename(target)]],
      [results, [basename(dirname(target))]],
    ]);
  });

  interface Synced {
    readonly path: string;
    readonly ino: number;
    readonly isFile: boolean;
    /** What a folder held. */
    readonly names: readonly string[];
  }

  /** Every fsync of this process, as the kernel names its file at that moment. */
  async function recorded(work: () => Promise<void>): Promise<Synced[]> {
    const handle = await open('/dev/null', 'r');
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const seen: Synced[] = [];
    const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      const path = readlinkSync(`/proc/self/fd/${this.fd}`);
      const stats = await this.stat();
      seen.push({
        path,
        ino: stats.ino,
        isFile: stats.isFile(),
        names: stats.isDirectory() ? readdirSync(path) : [],
      });
      await this.datasync();
    });
    try {
      await work();
    } finally {
      spy.mockRestore();
    }
    return seen;
  }
});
