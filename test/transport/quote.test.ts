import { spawnSync } from 'node:child_process';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { quote, quoteAll, quotePath } from '../../src/transport/quote.ts';
import { HOSTILE } from './scratch.ts';

/** What a shell makes of a command line, argument by argument. */
function argumentsOf(command: string, shell: readonly string[] = ['/bin/sh', '-c']): string[] {
  const { stdout, stderr, status } = spawnSync(shell[0]!, [...shell.slice(1), command], { maxBuffer: 2 ** 28 });
  expect([status, stderr.toString()]).toEqual([0, '']);
  return stdout.toString().split('\0').slice(0, -1);
}

const print = ['printf', '%s\\0'];

const argument = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom("'", '"', '$', '`', '\\', '\n', '(', ')', '-', ' ', '!', '~', '=', '*', 'ü', 'a'),
  }),
  fc.constantFrom(...Object.keys(HOSTILE)),
);
/** Many a call: a shell takes a millisecond to start. */
const many = fc.array(
  argument.map((text) => text.replaceAll('\0', '')),
  { minLength: 50, maxLength: 200 },
);

describe('quote', () => {
  test('every argument comes through a shell as it was', () => {
    fc.assert(
      fc.property(many, (given) => {
        expect(argumentsOf(quoteAll([...print, '', ...given]))).toEqual(['', ...given]);
      }),
      { numRuns: 30 },
    );
  });

  test('every argument comes through two and three shells as it was', () => {
    fc.assert(
      fc.property(many, (given) => {
        const inner = quoteAll([...print, '', ...given]);
        const second = quoteAll(['sh', '-c', inner]);
        expect(argumentsOf(second)).toEqual(['', ...given]);
        expect(argumentsOf(quoteAll(['sh', '-c', second]))).toEqual(['', ...given]);
        expect(argumentsOf(`eval ${quote(inner)}`)).toEqual(['', ...given]);
      }),
      { numRuns: 15 },
    );
  });

  test('a harmless word stays readable', () => {
    expect(quoteAll(['tar', '-x', '/a/b_c.d', 'ü', '~', 'a=b'])).toBe("tar -x /a/b_c.d 'ü' '~' 'a=b'");
  });

  test('a NUL byte is a mistake of the caller', () => {
    expect(() => quote('a\0b')).toThrow('NUL');
  });
});

describe('quotePath', () => {
  test('only the tilde at the beginning is left to the shell', () => {
    expect(quotePath('~')).toBe('"$HOME"');
    expect(quotePath('~/')).toBe('"$HOME"');
    expect(quotePath('~/mqi/', 'a b')).toBe(`"$HOME"'/mqi/a b'`);
    expect(quotePath('~', 'a')).toBe('"$HOME"/a');
    expect(quotePath('/scratch/~/$x', 'it')).toBe("'/scratch/~/$x/it'");
    expect(quotePath('/scratch//', 'a')).toBe('/scratch/a');
    expect([quotePath('/', 'a'), quotePath('/')]).toEqual(['/a', '/']);
  });

  test('the tilde is the home directory of the user, whatever the rest of the path', () => {
    fc.assert(
      fc.property(many, (given) => {
        const paths = given.map((path) => quotePath('~/root', path));
        expect(argumentsOf(`HOME='/ho me'; ${quoteAll(print)} ${paths.join(' ')}`)).toEqual(
          given.map((path) => `/ho me/root/${path}`),
        );
      }),
      { numRuns: 5 },
    );
  });
});
