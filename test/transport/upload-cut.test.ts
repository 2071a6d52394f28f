import { chmodSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test, vi } from 'vitest';

import { spawnLocal } from '../../src/transport/local.ts';
import { TOKEN, TREE, attemptOf, expectArrived, send } from './arrival.ts';
import { frailSpawn } from './frail-spawn.ts';
import { cleanScratch, makeExecutable, readTree, scratch, writeTree } from './scratch.ts';

cleanScratch();

async function fullLength(folder: string): Promise<number> {
  const whole = frailSpawn(null);
  expect(await send(whole.spawn, folder, scratch())).toEqual({ kind: 'sent' });
  return whole.inputBytes();
}

describe('an upload that is cut', () => {
  test('at any byte never becomes an attempt, and the next one sends only what is missing', async () => {
    const folder = scratch();
    writeTree(folder, TREE);
    const length = await fullLength(folder);
    const steps = Array.from({ length: 10 }, (_, index) => Math.floor((length * index) / 10));
    const places = [
      1,
      511,
      512,
      513,
      ...steps.slice(1),
      length - 1025,
      length - 1024,
      length - 512,
      length - 1,
      length,
    ];
    for (const afterBytes of [...places, Infinity]) {
      const root = scratch();
      const cut = await send(frailSpawn({ afterBytes, how: 'reset' }).spawn, folder, root);
      expect(cut, `cut after ${afterBytes}`).toMatchObject({ kind: 'blind' });
      expect(existsSync(join(root, 'attempts'))).toBe(false);
      const retry = frailSpawn(null);
      expect(await send(retry.spawn, folder, root), `retry after ${afterBytes}`).toEqual({ kind: 'sent' });
      expectArrived(folder, root);
      if (afterBytes >= 75_000) expect(retry.inputBytes(), `resent after ${afterBytes}`).toBeLessThan(length - 70_000);
      expect(readTree(join(root, 'staging'))).toEqual({});
    }
  });

  test('silently leaves a tar behind that can still write: it never reaches the attempt', async () => {
    const folder = scratch();
    writeTree(folder, TREE);
    const length = await fullLength(folder);
    for (const afterBytes of [40_000, 90_000, length - 6_000]) {
      const root = scratch();
      const frail = frailSpawn({ afterBytes, how: 'silence' });
      expect(await send(frail.spawn, folder, root)).toMatchObject({ kind: 'blind' });
      const retry = frailSpawn(null);
      expect(await send(retry.spawn, folder, root)).toEqual({ kind: 'sent' });
      // a tar that waits for more has not yet written the last 10 KiB that it got
      if (afterBytes >= 90_000) expect(retry.inputBytes()).toBeLessThan(length - 70_000);
      expectArrived(folder, root);
      await frail.arriveLate(Buffer.alloc(200_000, 'X'));
      expectArrived(folder, root);
    }
  });

  test.each(['reset', 'silence'] as const)(
    'by %s leaves the modes of the manifest, of files that are moved, copied and sent',
    async (how) => {
      const folder = scratch();
      const names = Array.from({ length: 12 }, (_, index) => `file ${index}`);
      writeTree(folder, Object.fromEntries(names.map((name) => [name, Buffer.alloc(10_000, name)])));
      const isExecutable = (name: string): boolean => names.indexOf(name) % 2 === 0;
      for (const name of names.filter(isExecutable)) makeExecutable(join(folder, name));
      const root = scratch();
      expect(await send(frailSpawn({ afterBytes: 80_000, how }).spawn, folder, root)).toMatchObject({ kind: 'blind' });
      // what lies there has every mode but the right one, and is read-only besides
      const staging = join(root, 'staging', TOKEN);
      const run = join(staging, readdirSync(staging)[0]!);
      const inputs = join(run, TOKEN, 'inputs');
      // a tar that waits for more keeps up to 10 KiB to itself
      await vi.waitFor(() => {
        expect(readdirSync(inputs).length).toBeGreaterThan(5);
        expect(how === 'silence' || existsSync(join(run, 'over'))).toBe(true);
      }, 20_000);
      const there = readdirSync(inputs);
      for (const name of there) chmodSync(join(inputs, name), isExecutable(name) ? 0o444 : 0o555);
      const retry = frailSpawn(null);
      expect(await send(retry.spawn, folder, root)).toEqual({ kind: 'sent' });
      expect(retry.inputBytes()).toBeLessThan(100_000);
      expectArrived(folder, root);
      const modes = names.map((name) => [name, (statSync(join(attemptOf(root), 'inputs', name)).mode & 0o100) !== 0]);
      expect(modes).toEqual(names.map((name) => [name, isExecutable(name)]));
    },
  );

  test('again and again keeps what each try brought', async () => {
    const folder = scratch();
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`file ${index}`, Buffer.alloc(10_000, `${index}`)]),
    );
    writeTree(folder, files);
    const root = scratch();
    for (let tries = 0; tries < 4; tries++) {
      const cut = frailSpawn({ afterBytes: 25_000, how: tries % 2 === 0 ? 'reset' : 'silence' });
      expect(await send(cut.spawn, folder, root)).toMatchObject({ kind: 'blind' });
    }
    const last = frailSpawn(null);
    expect(await send(last.spawn, folder, root)).toEqual({ kind: 'sent' });
    // ten files, of which each try brought at least one
    expect(last.inputBytes()).toBeLessThan(70_000);
    expectArrived(folder, root);
  });

  test('does not bring back a file that was taken away, or an older content, from an earlier try', async () => {
    const folder = scratch();
    writeTree(folder, { a: 'old', 'b gone': 'gone', c: 'same', 'd/x': 'x', z: Buffer.alloc(600_000) });
    const root = scratch();
    const cut = frailSpawn({ afterBytes: 500_000, how: 'reset' });
    expect(await send(cut.spawn, folder, root)).toMatchObject({ kind: 'blind' });
    writeTree(folder, { a: 'new' });
    rmSync(join(folder, 'b gone'));
    makeExecutable(join(folder, 'c'));
    expect(await send(spawnLocal, folder, root)).toEqual({ kind: 'sent' });
    expectArrived(folder, root);
  });
});

describe('two uploads of one attempt at once', () => {
  test('do not harm each other', async () => {
    const folder = scratch();
    writeTree(folder, TREE);
    let sent = 0;
    for (let round = 0; round < 8; round++) {
      const root = scratch();
      const first = send(spawnLocal, folder, root);
      // the others begin while the first is in each of its steps
      for (let turn = 0; turn < round * 40; turn++) await new Promise(setImmediate);
      const outcomes = await Promise.all([first, send(spawnLocal, folder, root), send(spawnLocal, folder, root)]);
      for (const outcome of outcomes) {
        expect(['sent', 'blocked'], JSON.stringify(outcome)).toContain(outcome.kind);
        if (outcome.kind === 'sent') sent++;
      }
      // it is there for all of them as soon as one of them has said so
      if (outcomes.some(({ kind }) => kind === 'sent')) expectArrived(folder, root);
      expect(await send(spawnLocal, folder, root)).toEqual({ kind: 'sent' });
      expectArrived(folder, root);
    }
    expect(sent).toBeGreaterThan(0);
  });
});
