import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { quoteAll } from '../../src/transport/quote.ts';
import type { Progress } from '../../src/transport/transport.ts';
import {
  HOSTILE,
  makeExecutable,
  manifestOf,
  readTree,
  scratch,
  sendRequest,
  sha256,
  writeTree,
} from '../transport/scratch.ts';
import { timeoutMs } from './transport-host.ts';
import type { ContractHost } from './transport-host.ts';

export function sendContract(host: ContractHost): void {
  describe('send', () => {
    test('a folder with hostile names arrives to the byte, with its manifest', async () => {
      writeTree(host.folder, HOSTILE);
      makeExecutable(join(host.folder, 'plain'));
      const progress: Progress[] = [];
      const request = sendRequest(host.folder, host.root, { onProgress: (step) => progress.push(step) });
      expect(await host.transport.send(request)).toEqual({ kind: 'sent' });
      expect(readTree(join(host.attempt(), 'inputs'))).toEqual(readTree(host.folder));
      expect(readFileSync(join(host.attempt(), 'manifest'), 'utf8')).toBe(manifestOf(host.folder));
      expect(Object.keys(readTree(host.attempt())).filter((path) => !path.startsWith('inputs/'))).toEqual(['manifest']);
      expect(statSync(join(host.attempt(), 'inputs/plain')).mode & 0o100).toBe(0o100);
      expect(statSync(join(host.attempt(), 'inputs/zero')).mode & 0o111).toBe(0);
      expect(progress.at(-1)?.sentBytes).toBe(progress.at(-1)?.totalBytes);
      expect(readTree(join(host.root, 'staging'))).toEqual({});
    });

    test('what was sent is not sent again', async () => {
      writeTree(host.folder, { a: 'a' });
      const request = sendRequest(host.folder, host.root);
      expect(await host.transport.send(request)).toEqual({ kind: 'sent' });
      const before = statSync(join(host.attempt(), 'inputs/a'));
      rmSync(host.folder, { recursive: true });
      expect(await host.transport.send(request)).toEqual({ kind: 'sent' });
      expect(statSync(join(host.attempt(), 'inputs/a')).ino).toBe(before.ino);
    });

    test('a folder that is not what was admitted is changed, and never becomes an attempt', async () => {
      writeTree(host.folder, { a: 'a', b: 'b' });
      const request = sendRequest(host.folder, host.root);
      writeTree(host.folder, { b: 'c' });
      const outcome = await host.transport.send(request);
      expect(outcome).toMatchObject({ kind: 'changed' });
      expect(existsSync(host.attempt())).toBe(false);
    });

    test('links inside the folder travel as what they lead to; one that leaves it is a change', async () => {
      writeTree(host.folder, { 'real/file': 'content' });
      const plain = join(scratch(), 'plain');
      writeTree(plain, { 'real/file': 'content', link: 'content', 'also/file': 'content' });
      symlinkSync('real/file', join(host.folder, 'link'));
      symlinkSync('real', join(host.folder, 'also'));
      const fingerprint = sha256(manifestOf(plain));
      expect(await host.transport.send(sendRequest(host.folder, host.root, { fingerprint }))).toEqual({ kind: 'sent' });
      expect(readTree(join(host.attempt(), 'inputs'))).toEqual(readTree(plain));
      symlinkSync('/etc/hostname', join(host.folder, 'out'));
      const outcome = await host.transport.send(
        sendRequest(host.folder, host.root, { fingerprint, token: 'mqi-test-case-2-abc' }),
      );
      expect(outcome).toMatchObject({ kind: 'changed', message: expect.stringContaining('out ') as string });
    });

    test('a thousand small files arrive', async () => {
      writeTree(
        host.folder,
        Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`${index % 10}/${index}.txt`, `${index}`])),
      );
      expect(await host.transport.send(sendRequest(host.folder, host.root))).toEqual({ kind: 'sent' });
      expect(readTree(join(host.attempt(), 'inputs'))).toEqual(readTree(host.folder));
    });

    test('a root below the home directory of the user works', async () => {
      writeTree(host.folder, { a: 'a' });
      const below = `.mqi-test-${process.pid}-${host.name.replaceAll(/\W/g, '')} it's`;
      try {
        expect(await host.transport.send(sendRequest(host.folder, `~/${below}`))).toEqual({ kind: 'sent' });
        const outcome = await host.transport.run(`cat "$HOME"/${quoteAll([below])}/attempts/*/inputs/a`, { timeoutMs });
        expect(outcome).toMatchObject({ stdout: 'a' });
      } finally {
        await host.transport.run(`rm -rf "$HOME"/${quoteAll([below])}`, { timeoutMs });
      }
    });

    test('a root that cannot be made is blocked, by name', async () => {
      writeTree(host.folder, { a: 'a' });
      const inTheWay = join(scratch(), 'file');
      writeFileSync(inTheWay, '');
      const outcome = await host.transport.send(sendRequest(host.folder, inTheWay));
      expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining(inTheWay) as string });
    });

    test('an aborted upload is blind and leaves no attempt; the next one completes it', async () => {
      writeTree(host.folder, { big: Buffer.alloc(8_000_000, 1), last: 'last' });
      const abort = new AbortController();
      const onProgress = (): void => abort.abort();
      const outcome = await host.transport.send(
        sendRequest(host.folder, host.root, { signal: abort.signal, onProgress }),
      );
      expect(outcome).toMatchObject({ kind: 'blind' });
      expect(existsSync(host.attempt())).toBe(false);
      expect(await host.transport.send(sendRequest(host.folder, host.root))).toEqual({ kind: 'sent' });
      expect(readTree(join(host.attempt(), 'inputs'))).toEqual(readTree(host.folder));
    });
  });
}
