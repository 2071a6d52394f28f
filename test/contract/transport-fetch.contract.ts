import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { HOSTILE, fetchRequest, readTree, scratch, sha256, writeAttempt, writeTree } from '../transport/scratch.ts';
import type { ContractHost } from './transport-host.ts';

export function fetchContract(host: ContractHost): void {
  describe('fetch', () => {
    const fetched = (results: string): string => join(results, "CASE it's", 'attempt-1');

    test('outputs with hostile names and both logs come back, verified, in one folder', async () => {
      const { 'empty directory/': _, 'directories/without/files/': __, ...files } = HOSTILE;
      writeAttempt(host.root, files);
      const results = scratch();
      expect(await host.transport.fetch(fetchRequest(host.root, results))).toEqual({
        kind: 'fetched',
        missingGlobs: [],
        files: Object.keys(files).length + 2,
      });
      const { 'manifest.json': own, ...tree } = readTree(fetched(results));
      expect(own).toBeDefined();
      const outputs = join(scratch(), 'expected');
      writeTree(outputs, { ...files, stdout: 'said\n', stderr: '' });
      expect(tree).toEqual(readTree(outputs));
      const manifest: unknown = JSON.parse(readFileSync(join(fetched(results), 'manifest.json'), 'utf8'));
      expect(manifest).toMatchObject({ token: 'mqi-test-case-1-abc', missingGlobs: [], notes: [] });
      expect(manifest).toMatchObject({
        files: expect.arrayContaining([
          { path: 'new\nline', sizeBytes: 7, sha256: sha256('newline') },
          { path: 'stdout', sizeBytes: 5, sha256: sha256('said\n') },
        ]) as unknown[],
      });
    });

    test('only what a glob wants comes back; a required glob without a match is named, now and later', async () => {
      writeAttempt(host.root, { 'output/dose.bin': 'dose', 'output/.hidden': 'h', 'core.1': 'c', 'run.log': 'l' });
      const results = scratch();
      const globs = [
        { glob: 'output/**', optional: false },
        { glob: '*.log', optional: true },
        { glob: '*.err', optional: true },
        { glob: '*.dcm', optional: false },
      ];
      const expected = { kind: 'fetched', missingGlobs: ['*.dcm'], files: 5 };
      expect(await host.transport.fetch(fetchRequest(host.root, results, { globs }))).toEqual(expected);
      expect(Object.keys(readTree(fetched(results))).sort()).toEqual(
        ['manifest.json', 'output/', 'output/.hidden', 'output/dose.bin', 'run.log', 'stderr', 'stdout'].sort(),
      );
      rmSync(host.root, { recursive: true });
      expect(await host.transport.fetch(fetchRequest(host.root, results, { globs }))).toEqual(expected);
    });

    test('a list that is longer than any answer is read as it comes, and what is wanted of it comes back', async () => {
      const root = writeAttempt(host.root, { 'output/dose.bin': 'dose', 'output/last.bin': 'last' }, { outputs: null });
      // 20,000 files, fourteen folders deep
      const deep = Array.from({ length: 14 }, () => 'x'.repeat(250)).join('/');
      const record = (n: number): string => `0 ./${deep}/${n}\0`;
      const many = Array.from({ length: 20_000 }, (_, n) => record(n)).join('');
      expect(many.length).toBeGreaterThan(64 * 2 ** 20);
      writeFileSync(join(root, 'outputs'), `4 ./output/dose.bin\0${many}4 ./output/last.bin\0`);
      const results = scratch();
      const globs = [{ glob: 'output/**', optional: false }];
      expect(await host.transport.fetch(fetchRequest(host.root, results, { globs }))).toMatchObject({
        kind: 'fetched',
        missingGlobs: [],
        files: 4,
      });
      // all of them: that much nobody can keep in mind, and it is nobody else's trouble
      writeFileSync(join(root, 'outputs'), `${many}${many}${many}`);
      expect(await host.transport.fetch(fetchRequest(host.root, scratch()))).toMatchObject({
        kind: 'blocked',
        reason: expect.stringContaining('left more files than can be collected') as string,
      });
    });

    test('files of many batches come back, each verified', async () => {
      const deep = Array.from({ length: 14 }, () => 'x'.repeat(240)).join('/');
      const files = Object.fromEntries(Array.from({ length: 1_250 }, (_, n) => [`${deep}/${n}`, `${n}`]));
      writeAttempt(host.root, files);
      const results = scratch();
      const outcome = await host.transport.fetch(fetchRequest(host.root, results));
      expect(outcome).toMatchObject({ kind: 'fetched', files: 1_252 });
      expect(readFileSync(join(fetched(results), Object.keys(files)[1_249]!), 'utf8')).toBe('1249');
    });

    test('without the list of the job nothing is certain: blocked, unless it need not be whole', async () => {
      writeAttempt(host.root, { 'output/dose.bin': 'dose', 'new\nline': 'n' }, { outputs: null });
      const results = scratch();
      const whole = await host.transport.fetch(fetchRequest(host.root, results));
      expect(whole).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('outputs') as string });
      expect(existsSync(fetched(results))).toBe(false);
      const globs = [
        { glob: 'output/**', optional: false },
        { glob: 'new*', optional: false },
        { glob: '*.dcm', optional: false },
      ];
      const part = await host.transport.fetch(fetchRequest(host.root, results, { mustBeWhole: false, globs }));
      expect(part).toEqual({ kind: 'fetched', missingGlobs: [], files: 4 });
      expect(readTree(fetched(results))).toMatchObject({
        'output/dose.bin': sha256('dose'),
        'new\nline': sha256('n'),
      });
    });

    test('a garbled list is none', async () => {
      for (const outputs of ['4 ./output/dose.bin', '4 ./../../claim\0', 'dose\0', '4 /etc/passwd\0']) {
        writeAttempt(host.root, { 'output/dose.bin': 'dose' }, { outputs });
        expect(await host.transport.fetch(fetchRequest(host.root, scratch()))).toMatchObject({ kind: 'blocked' });
      }
    });

    test('a listed file that is missing, or has another size, keeps the results back until it is there', async () => {
      const directory = writeAttempt(host.root, { 'a.out': 'aaaa', 'b.out': 'bbbb' });
      const results = scratch();
      writeFileSync(join(directory, 'a.out'), 'aa');
      const short = await host.transport.fetch(fetchRequest(host.root, results));
      expect(short).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('a.out') as string });
      rmSync(join(directory, 'a.out'));
      const gone = await host.transport.fetch(fetchRequest(host.root, results));
      expect(gone).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('a.out') as string });
      expect(existsSync(fetched(results))).toBe(false);
      writeFileSync(join(directory, 'a.out'), 'aaaa');
      expect(await host.transport.fetch(fetchRequest(host.root, results))).toMatchObject({ kind: 'fetched', files: 4 });
    });

    test('what need not be whole is taken as it is, and its manifest says so', async () => {
      const directory = writeAttempt(host.root, { 'a.out': 'aaaa', 'b.out': 'bbbb' });
      rmSync(join(directory, 'a.out'));
      writeFileSync(join(directory, 'b.out'), 'b');
      const results = scratch();
      const outcome = await host.transport.fetch(fetchRequest(host.root, results, { mustBeWhole: false }));
      expect(outcome).toMatchObject({ kind: 'fetched', files: 3 });
      expect(readFileSync(join(fetched(results), 'manifest.json'), 'utf8')).toMatch(/a\.out[^]*b\.out/);
    });

    test('a symbolic link in the place of a listed file is not followed', async () => {
      const directory = writeAttempt(host.root, { 'a.out': 'aaaa' });
      rmSync(join(directory, 'a.out'));
      symlinkSync('/etc/passwd', join(directory, 'a.out'));
      expect(await host.transport.fetch(fetchRequest(host.root, scratch()))).toMatchObject({ kind: 'blocked' });
    });

    test('an attempt that left nothing gives an empty folder when it need not be whole', async () => {
      writeTree(join(host.root, 'attempts'), {});
      const results = scratch();
      expect(await host.transport.fetch(fetchRequest(host.root, results))).toMatchObject({ kind: 'blocked' });
      const outcome = await host.transport.fetch(fetchRequest(host.root, results, { mustBeWhole: false }));
      expect(outcome).toEqual({ kind: 'fetched', missingGlobs: [], files: 0 });
      expect(Object.keys(readTree(fetched(results)))).toEqual(['manifest.json']);
    });

    test('a root that is not there is no attempt without results', async () => {
      const outcome = await host.transport.fetch(fetchRequest(host.root, scratch(), { mustBeWhole: false }));
      expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining(host.root) as string });
    });

    test('results that belong to another attempt are never overwritten', async () => {
      writeAttempt(host.root, { a: 'a' });
      const results = scratch();
      writeTree(fetched(results), { precious: 'x' });
      const outcome = await host.transport.fetch(fetchRequest(host.root, results));
      expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining(fetched(results)) as string });
      expect(readTree(fetched(results))).toEqual({ precious: sha256('x') });
    });
  });
}
