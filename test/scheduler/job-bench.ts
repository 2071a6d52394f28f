import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { afterEach, beforeEach, expect } from 'vitest';

import { jobScript } from '../../src/scheduler/job-script.ts';
import { parseClaim, parseEnd } from '../../src/scheduler/receipts.ts';
import type { JobSpec } from '../../src/scheduler/scheduler.ts';
import { createLab, read, spec } from './lab.ts';
import type { Lab } from './lab.ts';

export let lab: Lab;
beforeEach(() => {
  lab = createLab();
});
afterEach(() => lab.close());

/** A staged attempt with its job.sh. */
export function attempt(change: Partial<JobSpec> = {}): { readonly token: string; readonly directory: string } {
  const token = lab.token();
  const directory = lab.stage(token);
  writeFileSync(path.join(directory, 'job.sh'), jobScript(spec(token, change), lab.root));
  return { token, directory };
}

export function start(directory: string, env: Record<string, string> = {}): ChildProcess {
  return spawn('sh', [path.join(directory, 'job.sh')], { stdio: 'ignore', cwd: '/', env: { ...process.env, ...env } });
}

export function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

export async function runJob(directory: string, env: Record<string, string> = {}): Promise<number | null> {
  return exitOf(start(directory, env));
}

/** The records of `outputs`: path → size. */
export function outputsOf(directory: string): Record<string, number> {
  const records = read(path.join(directory, 'outputs')).split('\0');
  expect(records.pop()).toBe('');
  return Object.fromEntries(
    records.map((record) => {
      const space = record.indexOf(' ');
      return [record.slice(space + 1), Number(record.slice(0, space))];
    }),
  );
}

export const endOf = (directory: string) => parseEnd('whole', read(path.join(directory, 'end')).trimEnd());
export const claimOf = (directory: string) => parseClaim('whole', read(path.join(directory, 'claim')).trimEnd());
