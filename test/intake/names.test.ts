import { execFileSync } from 'node:child_process';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { decodeName, printable, shellWord, temporaryNames, travelProblem } from '../../src/intake/names.ts';

test('bytes that are no UTF-8 are no name', () => {
  expect(decodeName(Buffer.from([0x61, 0xff]))).toBeNull();
  expect(decodeName(Buffer.from('Müller 患者'))).toBe('Müller 患者');
});

test('different bytes are shown differently', () => {
  const bytes = fc.uint8Array({ maxLength: 8 }).map((array) => Buffer.from(array));
  fc.assert(fc.property(bytes, bytes, (a, b) => (printable(a) === printable(b)) === a.equals(b)));
});

test('a name in a command to paste reaches the program as it is', () => {
  const name = fc.string({
    unit: fc.constantFrom('a', '-', '_', '.', '/', ' ', "'", '"', '$', '(', ')', '`', '\\', '\n', '*', 'é'),
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(name, (text) => {
      // `--` ends the options, so it is no argument; `read` stands for the program
      const script = `for word in ${shellWord(text)}; do :; done; printf '%s.' "$word"`;
      return execFileSync('sh', ['-c', script], { encoding: 'utf8' }) === `${text}.`;
    }),
    { numRuns: 60 },
  );
});

test('names and paths that no host can hold are named', () => {
  expect(travelProblem('a'.repeat(255))).toBeNull();
  expect(travelProblem(`dir/${'ä'.repeat(128)}`)).toMatch('name is longer than 255 bytes');
  expect(travelProblem(Array.from({ length: 100 }, () => 'a'.repeat(40)).join('/'))).toMatch('path is longer');
});

test('patterns match whole base names, hidden ones too, whatever characters are in them', () => {
  const isTemporary = temporaryNames(['.*', '*.part', '~*', '']);
  for (const name of ['.rsync.aB3', 'x.part', '.part', 'a b$(x).part', 'new\nline.part', '~lock', '-x.part']) {
    expect([name, isTemporary(name)]).toEqual([name, true]);
  }
  for (const name of ['x.part.dat', 'part', 'a.b', 'x~', 'x.part\n', '(a)']) {
    expect([name, isTemporary(name)]).toEqual([name, false]);
  }
  expect(temporaryNames([])('.x')).toBe(false);
});
