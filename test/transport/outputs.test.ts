import { describe, expect, test } from 'vitest';

import { parseFound, parseOutputs, readable, selectOutputs } from '../../src/transport/outputs.ts';

const list = (text: string): ReturnType<typeof parseOutputs> => parseOutputs(Buffer.from(text));

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
    expect(parseFound(bytes)?.map(({ path }) => path)).toEqual(['a', 'sub/claim']);
    expect(parseFound(Buffer.from('./a'))).toBeNull();
  });
});

describe('the globs', () => {
  const files = ['output/dose.bin', 'output/.hidden/x', 'run.log', 'grün/a', 'new\nline', 'core'].map((path) => ({
    path: Buffer.from(path).toString('latin1'),
    sizeBytes: 1,
  }));
  const select = (...globs: string[]): string[] =>
    selectOutputs(
      files,
      globs.map((glob) => ({ glob, optional: true })),
    ).wanted.map(({ path }) => readable(path));

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
    expect(selectOutputs(files, globs).missingGlobs).toEqual(['*.dcm']);
  });
});
