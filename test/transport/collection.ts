import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { expect } from 'vitest';

import { spawnLocal } from '../../src/transport/local.ts';
import type { FetchOutcome, FetchRequest, Spawn } from '../../src/transport/transport.ts';
import { transportOf } from './frail-spawn.ts';
import { fetchRequest, readTree, scratch, writeTree } from './scratch.ts';

export function fetch(
  spawn: Spawn,
  root: string,
  results: string,
  change: Partial<FetchRequest> = {},
): Promise<FetchOutcome> {
  return transportOf(spawn).fetch(fetchRequest(root, results, change));
}

export const placeOf = (results: string): string => join(results, "CASE it's", 'attempt-1');

/** Changes how the n-th command of a collection is started: 1 looks, 2 transfers, 3 verifies. */
export function nth(number: number, start: Spawn): Spawn {
  let count = 0;
  return (command, channel) => (++count === number ? start : spawnLocal)(command, channel);
}

/** A connection that gives so many bytes of the archive and is gone then. */
export function cutAfter(limitBytes: number): { readonly spawn: Spawn; givenBytes(): number } {
  let givenBytes = 0;
  const spawn = nth(2, async (command, channel) => {
    const child = await spawnLocal(command, channel);
    const stdout = new PassThrough();
    let lose!: (ended: { readonly exitCode: null; readonly reason: string }) => void;
    const lost = new Promise<{ readonly exitCode: null; readonly reason: string }>((resolve) => (lose = resolve));
    child.stdout.on('data', (chunk: Buffer) => {
      const passed = chunk.subarray(0, limitBytes - givenBytes);
      givenBytes += passed.length;
      stdout.write(passed);
      if (passed.length === chunk.length) return;
      stdout.end();
      child.abandon();
      lose({ exitCode: null, reason: 'the connection was cut' });
    });
    child.stdout.on('end', () => stdout.end());
    return { ...child, stdout, ended: Promise.race([child.ended, lost]) };
  });
  return { spawn, givenBytes: () => givenBytes };
}

export const FILES = {
  'a first': Buffer.alloc(1_000, 'a'),
  'b/$(second)': Buffer.alloc(70_000, 'b'),
  'b/new\nline': Buffer.alloc(3, 'c'),
  'c/back\\slash': Buffer.alloc(512, 'd'),
  [`d/${'long'.repeat(50)}`]: Buffer.alloc(20_000, 'e'),
  'f zero': '',
  'g last': Buffer.alloc(9_000, 'g'),
};

export function expectFetched(results: string, files: Record<string, string | Buffer>): void {
  const { 'manifest.json': manifest, ...tree } = readTree(placeOf(results));
  const expected = join(scratch(), 'expected');
  writeTree(expected, { ...files, stdout: 'said\n', stderr: '' });
  expect(manifest).toBeDefined();
  expect(tree).toEqual(readTree(expected));
}
