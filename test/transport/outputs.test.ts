import { describe, expect, test } from 'vitest';

import { OutputsReader, batchesOf, foundFile, listedFile, readable } from '../../src/transport/outputs.ts';
import type { OutputFile } from '../../src/transport/outputs.ts';

const ALL = [{ glob: '**', optional: true }];

/** Comes in pieces of so many bytes. */
function read(record: typeof listedFile, text: string | Buffer, pieceBytes = 3, globs = ALL) {
  const reader = new OutputsReader(record, globs);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.add(bytes.subarray(at, at + pieceBytes));
  return reader.end();
}

const list = (text: string): readonly OutputFile[] | null => {
  const selection = read(listedFile, text);
  return selection !== null && 'wanted' in selection ? selection.wanted : null;
};

describe('the list of outputs', () => {
  test('holds sizes and names, whatever is in the names', () => {
    expect(list('0 ./a\x0012 ./b c/ü\n\\\0')).toEqual([
      { path: 'a', sizeBytes: 0 },
      { path: Buffer.from('b c/ü\n\\').toString('latin1'), sizeBytes: 12 },
    ]);
    expect(readable(Buffer.from('ü').toString('latin1'))).toBe('ü');
  });

  test('may be empty: the job wrote nothing', () => {
    expect(list('')).toEqual([]);
  });

  test('is not a list when it is cut, or names something outside', () => {
    for (const text of [
      '1 ./a',
      '1 ./a\x002 ./b',
      '\0',
      '1 a\0',
      'x ./a\0',
      '1 ./\0',
      '1 ./../a\0',
      '1 ./a/../b\0',
      '1 .//a\0',
      '-1 ./a\0',
    ]) {
      expect(list(text), JSON.stringify(text)).toBeNull();
    }
  });

  test('found by looking leaves out what is not the work of the job', () => {
    const found = [
      'a',
      'sub/claim',
      'inputs/x',
      'manifest',
      'claim',
      'claim.n.1',
      'end.x',
      'outputs.y',
      'job.sh',
      'slot',
    ];
    const bytes = Buffer.from(found.map((path) => `./${path}\0`).join(''));
    expect(read(foundFile, bytes)).toMatchObject({ wanted: [{ path: 'a', sizeBytes: null }, { path: 'sub/claim' }] });
    expect(read(foundFile, './a')).toBeNull();
  });
});

describe('the globs', () => {
  const files = ['output/dose.bin', 'output/.hidden/x', 'run.log', 'grün/a', 'new\nline', 'core'].map((path) => ({
    path: Buffer.from(path).toString('latin1'),
    sizeBytes: 1,
  }));
  const bytes = Buffer.from(files.map(({ path }) => `1 ./${path}\0`).join(''), 'latin1');
  const chosen = (globs: readonly { readonly glob: string; readonly optional: boolean }[]) => {
    const selection = read(listedFile, bytes, 1_000, [...globs]);
    if (selection === null || 'tooMany' in selection) throw new Error('no selection');
    return selection;
  };
  const select = (...globs: string[]): string[] =>
    chosen(globs.map((glob) => ({ glob, optional: true }))).wanted.map(({ path }) => readable(path));

  test('match whole paths, hidden ones too, and each file once', () => {
    expect(select('output/**')).toEqual(['output/dose.bin', 'output/.hidden/x']);
    expect(select('*.log', './run.*', '**/run.log')).toEqual(['run.log']);
    expect(select('grün/*', 'n*')).toEqual(['grün/a', 'new\nline']);
    expect(select('**')).toHaveLength(6);
    expect(select()).toEqual([]);
  });

  test('that are required and match nothing are named', () => {
    const globs = [
      { glob: '*.dcm', optional: false },
      { glob: 'core', optional: false },
      { glob: '*.err', optional: true },
    ];
    expect(chosen(globs).missingGlobs).toEqual(['*.dcm']);
  });
});

describe('a list of any length', () => {
  const million = (name: string): Buffer =>
    Buffer.from(Array.from({ length: 700_000 }, (_, n) => `1 ./${name}${n}\0`).join(''));

  test('costs no more memory than what is wanted of it', () => {
    const reader = new OutputsReader(listedFile, [{ glob: 'o/*7.raw', optional: false }]);
    const piece = Buffer.from(Array.from({ length: 1_000 }, (_, n) => `1 ./o/${'x'.repeat(200)}${n}.raw\0`).join(''));
    const before = process.memoryUsage().heapUsed;
    // 2.1 GB of names, a tenth of them wanted, until it is enough
    for (let round = 0; round < 100; round += 1) reader.add(piece);
    expect(reader.end()).toMatchObject({ missingGlobs: [], wanted: { length: 10_000 } });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 2 ** 20);
  });

  test('is taken whole where it holds 700,000 short names, and cut into batches that a shell can hold', () => {
    const selection = read(listedFile, million('d/'), 65_536);
    if (selection === null || 'tooMany' in selection) throw new Error('no selection');
    expect(selection.wanted).toHaveLength(700_000);
    const batches = batchesOf(selection.wanted);
    expect(batches.flat()).toEqual(selection.wanted);
    expect(Math.max(...batches.map((batch) => batch.reduce((sum, { path }) => sum + path.length, 0)))).toBeLessThan(
      4 * 2 ** 20,
    );
    expect(batchesOf([])).toEqual([]);
  });

  test('of which too much is wanted is told as such, with how much', () => {
    expect(read(listedFile, million('x'.repeat(300)), 2 ** 20)).toMatchObject({
      tooMany: expect.any(Number) as number,
    });
  });
});
