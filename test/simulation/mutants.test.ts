import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Some hundreds of worlds; a busy machine is several times slower. */
const PATIENCE_MS = 900_000;

test(
  'every variant with one mechanism switched off breaks a promise',
  () => {
    const args = ['--import', path('register.mjs'), path('main.ts'), '--mutants'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: PATIENCE_MS });
    const free = stdout.split('\n').filter((line) => line.startsWith('FAIL'));
    expect({ free, stderr }).toEqual({ free: [], stderr: '' });
    expect(status).toBe(0);
    expect(stdout.split('\n').filter((line) => line.startsWith('ok')).length).toBeGreaterThan(20);
  },
  PATIENCE_MS,
);
