import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { checkImports } from './import-rules.mjs';

const roots: string[] = [];

function tree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'mqi-imports-'));
  roots.push(root);
  for (const folder of ['machines', 'src']) mkdirSync(join(root, folder));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

const word = 'export const word = 1;\n';

test.each([
  ['a domain that imports the store', 'src/domain/a.ts', '../store/b.ts', 'src/store/b.ts'],
  ['a machine that imports a value of the domain', 'machines/a.ts', '../src/domain/b.ts', 'src/domain/b.ts'],
  ['a store that imports the supervisor', 'src/store/a.ts', '../supervisor/b.ts', 'src/supervisor/b.ts'],
  ['a supervisor that knows ssh', 'src/supervisor/a.ts', '../transport/ssh.ts', 'src/transport/ssh.ts'],
  ['a supervisor that knows pueue', 'src/supervisor/a.ts', '../scheduler/pueue.ts', 'src/scheduler/pueue.ts'],
  ['an intake that imports the views', 'src/intake/a.ts', '../views/b.ts', 'src/views/b.ts'],
  ['a view that writes cases', 'src/views/a.ts', '../store/cases.ts', 'src/store/cases.ts'],
  ['a transport that imports a scheduler', 'src/transport/a.ts', '../scheduler/b.ts', 'src/scheduler/b.ts'],
  ['a config that imports the daemon', 'src/config/a.ts', '../daemon/b.ts', 'src/daemon/b.ts'],
  ['an import of something that is not there', 'src/domain/a.ts', './nowhere.ts', 'src/domain/c.ts'],
])('%s is caught', async (_, from, specifier, to) => {
  const root = tree({ [from]: `import { word } from '${specifier}';\nexport const again = word;\n`, [to]: word });
  const { violations } = await checkImports(root);
  expect(violations.join('\n')).toContain(from);
});

test('an allowed import is no violation, and is counted', async () => {
  const root = tree({
    'src/store/a.ts': `import { word } from '../domain/b.ts';\nexport const again = word;\n`,
    'src/domain/b.ts': word,
  });
  expect(await checkImports(root)).toEqual({ modules: 2, violations: [] });
});

test('a tree without modules is seen as such', async () => {
  expect((await checkImports(tree({}))).modules).toBe(0);
});
