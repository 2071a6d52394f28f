import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { complaints, PLACEHOLDERS, shellCommand, singleQuoted, variablesOf } from '../../src/config/command.ts';
import type { CommandTemplate } from '../../src/config/config.ts';
import { quote } from '../../src/transport/quote.ts';
import { shells } from '../lab/shells.ts';
import { scratch } from '../transport/scratch.ts';
import { linesOf, loadText, SMALL } from './load-text.ts';

const HOSTILE = 'a$(touch PWNED)`touch PWNED`  b\'"; touch PWNED; *\\';

describe('a command', () => {
  test('as a list gets each value as part of one argument', () => {
    expect(shellCommand(['m', '{inputs}/x y', '{case}-{slot}-{attempt}', '{{a}}', '{token}', ''], quote)).toBe(
      `exec m "$MQI_INPUTS"'/x y' "$MQI_CASE"-"$MQI_SLOT"-"$MQI_ATTEMPT" '{'a'}' "$MQI_TOKEN" ''`,
    );
  });

  test('as a string keeps what is the shell’s own, and holds no value', () => {
    expect(shellCommand('sh {inputs}/run.sh "${HOME}" $1 {{a,b}}', quote)).toBe(
      'sh ${MQI_INPUTS+"$MQI_INPUTS"}/run.sh "${HOME}" $1 {a,b}',
    );
  });

  test('has its values in the environment, under the names of the placeholders', () => {
    expect(variablesOf({ case: HOSTILE, slot: 'gpu0', attempt: 2 })).toEqual({
      MQI_CASE: HOSTILE,
      MQI_SLOT: 'gpu0',
      MQI_ATTEMPT: '2',
    });
  });

  test('with any text and doubled braces comes out as that text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        fc.pre(!text.includes('$'));
        const escaped = text.replaceAll('{', '{{').replaceAll('}', '}}');
        expect(complaints(escaped, false)).toEqual([]);
        expect(shellCommand(escaped, quote)).toBe(text);
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

  test('is one of those that the documentation names', () => {
    expect(PLACEHOLDERS).toEqual(['inputs', 'case', 'slot', 'attempt', 'token']);
  });
});

describe.each(shells)('where sh is $name', ({ path: shell }) => {
  function run(command: CommandTemplate, name: string) {
    const cwd = scratch();
    mkdirSync(join(cwd, 'in puts'));
    writeFileSync(join(cwd, 'in puts', 'x'), 'one\n\ntwo\n');
    const env = {
      PATH: process.env['PATH'],
      ...variablesOf({ case: name, slot: 'gpu0', attempt: 2 }),
      MQI_INPUTS: join(cwd, 'in puts'),
      MQI_TOKEN: 'mqi-a-b-2-c',
    };
    const { stdout, stderr, status } = spawnSync(shell, ['-c', shellCommand(command, quote)], {
      argv0: 'sh',
      env,
      cwd,
    });
    return { said: stdout.toString(), stderr: stderr.toString(), status, isPwned: existsSync(join(cwd, 'PWNED')) };
  }

  test.each<readonly [CommandTemplate, string]>([
    [['printf', '[%s]', '{case}', 'x{case}y', '{inputs}'.slice(0, 0)], `[${HOSTILE}][x${HOSTILE}y][]`],
    ['printf "[%s]" {case} x{case}y', `[${HOSTILE}][x${HOSTILE}y]`],
    ['printf "[%s]" "{case}" "x {case} y"', `[${HOSTILE}][x ${HOSTILE} y]`],
    [`printf '[%s]' "$(printf '<%s>' {case})"`, `[<${HOSTILE}>]`],
    [`printf '[%s]' "$(printf '<%s>' "{case}")"`, `[<${HOSTILE}>]`],
    ['cat <<END\n{case} $((1<<4))\nEND\n', `${HOSTILE} 16\n`],
    [`grep -v '^$' {inputs}/x`, 'one\ntwo\n'],
    [`grep -c '' "{inputs}/x"`, '3\n'],
    ['printf "%s" $((1<<4)) {case}', `16${HOSTILE}`],
    ['printf "%s" "$(echo it)" {case}', `it${HOSTILE}`],
    ['printf "%s" $(( {attempt} + 1 )) "$(( {attempt} << 2 ))"', '38'],
    ['X={case}; printf "%s" "$X"', HOSTILE],
    ['case {case} in "{case}") printf "%s" same ;; esac', 'same'],
    [`# it's {case}\nprintf '%s' {case}`, HOSTILE],
    [`sh -c 'printf "%s" {case}'`, HOSTILE],
    [`printf '%s' '{case}'`, '${MQI_CASE+"$MQI_CASE"}'],
  ])('no name of a case is code, wherever it stands: %j', (command, said) => {
    expect(run(command, HOSTILE)).toEqual({ said, stderr: '', status: 0, isPwned: false });
  });

  test('any name is one word, outside of quotes and inside', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (drawn) => {
        const name = Buffer.from(drawn).toString().replaceAll('\0', '');
        const { said, status } = run('printf "%s/" {case} "{case}"', name);
        expect([status, said]).toEqual([0, `${name}/${name}/`]);
      }),
      { numRuns: 25 },
    );
  });
});

describe('the name of a case in double quotes that a second shell reads', () => {
  test.each([
    'sh -c "run {case}"',
    'bash -lc "cd x && run {case} y"',
    'su physicist -c "run {case}"',
    'eval "run {case}"',
    'ssh -T other "run \\"a\\" {case}"',
  ])('is refused, for that shell would run what it holds: %j', (command) => {
    expect(complaints(command, true)).toEqual([{ kind: 'code' }]);
    const lines = linesOf(loadText(SMALL.replace('[moqui]', JSON.stringify(command))));
    expect(lines).toEqual([expect.stringContaining('expected it in single quotes')]);
  });

  test.each([
    'sh -c \'run "{case}"\'',
    'sh -c "cd {inputs} && ./run"',
    'eval "set -e"; run "{case}"',
    'wc -c "{case}x"',
  ])('is fine elsewhere: %j', (command) => {
    expect(complaints(command, true)).toEqual([]);
  });
});

describe('a placeholder in single quotes', () => {
  test.each<readonly [CommandTemplate, readonly string[]]>([
    [`echo '{case}'`, ['case']],
    [`sh -c 'cd {inputs} && run {case}'`, ['inputs', 'case']],
    [`grep -v '^$' {inputs}/x`, []],
    [`echo "it's {case}"`, []],
    [`echo it\\'s {case}`, []],
    [`# it's\necho {case}`, []],
    [['echo', `'{case}'`], []],
  ])('is noticed: %j', (command, names) => {
    expect(singleQuoted(command)).toEqual(names);
  });
});
