import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { buildProgram } from '../../src/cli/program.ts';
import { MOST_ACTORS } from '../../src/views/inspector/memory.ts';
import { PROTOCOL_VERSION } from '../../src/views/inspector/message.ts';
import { STATELY_INSPECTOR } from '../../src/views/inspector/stately.ts';
import { silentIo } from '../cli/silent-io.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'stately.md'), 'utf8');

test('docs/stately.md names no option that a command does not have', () => {
  const program = buildProgram({ io: silentIo(), exitWith: () => {} });
  const commands = [...text.matchAll(/`mqi ([a-z]+)([^`]*)`/g)].map(([, name, rest]) => [name!, rest!] as const);
  expect(commands.length).toBeGreaterThan(10);
  for (const [name, rest] of commands) {
    const command = program.commands.find((candidate) => candidate.name() === name);
    expect(command?.name()).toBe(name);
    for (const [option] of rest.matchAll(/--[a-z]+/g)) {
      expect([name, option, command?.options.some(({ long }) => long === option)]).toEqual([name, option, true]);
    }
  }
});

test('docs/stately.md has the numbers and addresses of the code', () => {
  expect(text).toContain(`the ${MOST_ACTORS} that moved last`);
  expect(text).toContain(`\`${STATELY_INSPECTOR}\``);
  expect(PROTOCOL_VERSION.startsWith('0.7.')).toBe(true);
  expect(text).toContain('@statelyai/inspect`](https://github.com/statelyai/inspect) 0.7');
});
