import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { complaints, fillCommand, PLACEHOLDERS } from '../../src/config/command.ts';
import { linesOf, loadText, SMALL } from './load-text.ts';

const values = { inputs: '/r/inputs', case: "o'neil $(id)", slot: 'gpu0', attempt: '2', token: 'mqi-a-b-2-c' };
const quote = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`;

describe('a command', () => {
  test('as a list gets the values as they are, one argument each', () => {
    const command = ['m', '{inputs}/x', '{case}-{slot}-{attempt}', '{{literal}}', '{token}'];
    expect(fillCommand(command, values, quote)).toEqual([
      'm',
      '/r/inputs/x',
      "o'neil $(id)-gpu0-2",
      '{literal}',
      'mqi-a-b-2-c',
    ]);
  });

  test('as a string gets each value as one quoted word, and keeps what is the shell’s own', () => {
    expect(fillCommand('sh {inputs}/run.sh {case} "${HOME}" $1 {{a,b}}', values, quote)).toBe(
      String.raw`sh '/r/inputs'/run.sh 'o'\''neil $(id)' "${'${HOME}'}" $1 {a,b}`,
    );
  });

  test('with any text and doubled braces comes out as that text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('$'));
        const escaped = text.replaceAll('{', '{{').replaceAll('}', '}}');
        expect(complaints(escaped, false)).toEqual([]);
        expect(fillCommand([escaped], values, quote)).toEqual([text]);
      }),
    );
  });
});

describe('a placeholder', () => {
  test.each([
    ['{input}', '{inputs}'],
    ['{ case }', '{case}'],
    ['{TOKEN}', '{token}'],
    ['${slot}', '{slot}'],
  ])('misspelt as %s means %s', (typo, meant) => {
    const yaml = SMALL.replace('[moqui]', `[moqui, "a", "x${typo}y"]`);
    expect(linesOf(loadText(yaml))).toEqual([
      expect.stringMatching(/^mqi\.yaml:4:30: job\.command\[2\]: found .*Did you mean /),
    ]);
    expect(linesOf(loadText(yaml))[0]).toContain(`Did you mean ${meant}?`);
  });

  test('is told from other braces: those have to be doubled', () => {
    const lines = linesOf(loadText(SMALL.replace('[moqui]', `"awk '{print $1}' x { y"`)));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('found {print $1}, expected one of {inputs} {case} {slot} {attempt} {token}; {{ and }}');
    expect(lines[1]).toContain('found a lone {, expected {{ for the brace itself');
  });

  test.each([
    `echo "{case}"`,
    `echo '{case}'`,
    'echo `echo {case}`',
    `echo "$(echo "{case}")"`,
    'echo "`echo "{case}"`"',
    `echo $'\\'{case}'`,
    `cat <<EOF\n{case}\nEOF`,
    `echo \\{case}`,
    `true # {case}`,
    `sh -c "run {case}"`,
  ])('is refused where a quoted value would not be one word: %j', (command) => {
    expect(complaints(command, true)).toEqual([{ kind: 'quoted', name: 'case' }]);
  });

  test.each([
    `printf %s {case}`,
    `printf %s%s "it's; " {case}`,
    `# it's a comment\nprintf %s {case}`,
    `printf %s a#b'c d'{case}`,
    `X={case}; printf %s "$X"`,
    `printf '%s' $(printf %s {case} | od -An -tx1 | tr -d ' \\n')`,
    `case {case} in *) printf %s {case};; esac`,
    `printf %s "\\"" {case}`,
  ])('is one word for a real shell wherever it is allowed: %j', (command) => {
    expect(complaints(command, true)).toEqual([]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        fc.pre(!name.includes('\0'));
        const filled = fillCommand(command, { ...values, case: name }, quote) as string;
        const { stdout, stderr, status } = spawnSync('sh', ['-c', filled], { encoding: 'buffer' });
        expect([status, stderr.toString()]).toEqual([0, '']);
        const expected = command.includes('od -An') ? Buffer.from(name).toString('hex') : name;
        expect(stdout.toString().endsWith(expected)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test('is one of those that the documentation names', () => {
    expect(PLACEHOLDERS).toEqual(['inputs', 'case', 'slot', 'attempt', 'token']);
  });
});
