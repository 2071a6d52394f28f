import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';

import { EXIT_MEANINGS } from '../../src/cli/exit-code.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { SHAPE_COMMANDS, fullSite, printedShape } from './gather-shapes.ts';
import { silentIo } from './silent-io.ts';

const page = (name: string): string => readFileSync(join(import.meta.dirname, '..', '..', 'docs', name), 'utf8');

/** `cases[].failure.kind`: every field that a value has, at any depth. The fields of an event are its own business. */
function fieldsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [path];
  if (path.endsWith('detail')) return [path];
  return Object.entries(value).flatMap(([key, item]) => [path, ...fieldsOf(item, `${path}.${key}`)]);
}

describe('docs/json.md', () => {
  const examples = new Map(
    [...page('json.md').matchAll(/^## (.+?)$[^]*?^```json\n([^]*?)^```$/gm)].map(([, name, text]) => [name, text]),
  );

  it('shows every shape', () => {
    expect([...examples.keys()]).toEqual(SHAPE_COMMANDS.map(([name]) => name));
  });

  it.each(SHAPE_COMMANDS)('shows what %s prints, field by field', async (name, argv) => {
    const documented = fieldsOf(JSON.parse(examples.get(name) ?? 'null'));
    const printed = fieldsOf(await printedShape(fullSite(), argv));
    expect(new Set(printed)).toEqual(new Set(documented));
  });
});

describe('docs/cli.md', () => {
  const program = buildProgram({ io: silentIo(), exitWith: () => {} });

  function leaves(command: Command, name: string): (readonly [string, Command])[] {
    if (command.commands.length === 0) return [[name, command]];
    return command.commands.flatMap((child) => leaves(child, `${name} ${child.name()}`));
  }

  /** Every flag of the configuration is documented with the configuration. */
  const OWN_PAGE = new Set(['run', 'config']);

  it('names every command and every option', () => {
    const text = page('cli.md');
    const commands = program.commands.flatMap((command) => leaves(command, `mqi ${command.name()}`));
    for (const [name, command] of commands) {
      const group = name.split(' ')[1] ?? '';
      if (group === 'exit-codes') continue;
      // `mqi config` names its verbs in one cell
      expect(text).toContain(group === 'config' ? 'mqi config' : name);
      if (OWN_PAGE.has(group)) continue;
      for (const option of command.options) expect([name, text.includes(option.long ?? '')]).toEqual([name, true]);
    }
  });

  it('has the exit codes as the program has them', () => {
    const table = [...page('cli.md').matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code, text]) => [Number(code), text]);
    expect(table).toEqual([...EXIT_MEANINGS]);
  });
});
