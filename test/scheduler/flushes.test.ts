import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createDirectScheduler } from '../../src/scheduler/direct.ts';
import type { Scheduler } from '../../src/scheduler/scheduler.ts';
import { createLab, processesOf, read, spec, until } from './lab.ts';
import type { Lab } from './lab.ts';

const signal = new AbortController().signal;
const WHY = { who: 'test', why: 'flushes' };

/** A `sync` that notes what it was asked to flush, and which names the directory held at that moment. */
describe('what a verdict is built on is flushed before it gets its name, and its directory after:', () => {
  let lab: Lab;
  let scheduler: Scheduler;
  let bin: string;
  let before: string | undefined;
  beforeEach(async () => {
    lab = createLab();
    bin = path.join(lab.root, 'bin');
    mkdirSync(bin);
    const log = path.join(lab.root, 'syncs');
    writeFileSync(
      path.join(bin, 'sync'),
      `#!/bin/sh
for directory; do [ ! -d "$directory" ] || break; done
[ -d "$directory" ] || directory=\${directory%/*}
[ -d "$directory" ] || directory=.
{ for file; do printf '%s ' "$(basename "$file" | tr ' ' _)"; done; printf ': '; cd "$directory" && echo *; } >> '${log}'
`,
    );
    chmodSync(path.join(bin, 'sync'), 0o755);
    symlinkSync('/bin/sh', path.join(bin, 'sh'));
    before = process.env['PATH'];
    process.env['PATH'] = `${bin}:${before}`;
    const { transport, root, instance } = lab;
    scheduler = createDirectScheduler({ transport, root, instance, host: 'host1', graceMs: 500 });
    await scheduler.prepare(signal, true);
  });
  afterEach(async () => {
    process.env['PATH'] = before;
    await lab.close();
  });

  interface Flush {
    /** Base names of what was flushed. */
    readonly files: readonly string[];
    /** What lay in their directory. */
    readonly names: readonly string[];
  }
  const flushes = (): Flush[] =>
    readFileSync(path.join(lab.root, 'syncs'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [files, names] = line.split(' : ') as [string, string];
        return { files: files.split(' '), names: names.split(' ') };
      });

  /** `name` gets it from `name.SOMETHING`, or from `from`. */
  function expectFlushed(name: string, directory: string, from = `${name}.`): void {
    const seen = flushes();
    const first = seen.findIndex(({ files }) => files.some((file) => file.startsWith(from)));
    expect(first, `${name} is flushed under its first name`).toBeGreaterThanOrEqual(0);
    expect(seen[first]!.names, `${name} has no name yet when it is flushed`).not.toContain(name);
    const after = seen.filter(({ files, names }) => files.includes(directory) && names.includes(name));
    expect(after, `the directory is flushed when it holds ${name}`).not.toEqual([]);
  }

  async function made(command: string): Promise<string> {
    const token = lab.token();
    lab.stage(token);
    const created = await scheduler.create({ spec: spec(token, { command }), provenTokens: [] }, signal);
    expect(created).toMatchObject({ kind: 'created' });
    return token;
  }

  test('the owner of a root', () => {
    expectFlushed('owner', path.basename(lab.root).replace(' ', '_'));
  });

  test('a job script, which is moved', async () => {
    const token = await made('exit 0');
    expectFlushed('job.sh', token, 'outputs.');
  });

  test('claim, outputs and end of a job', async () => {
    const token = await made('echo x > x');
    await scheduler.release({ token, job: null }, signal);
    await until(() => existsSync(path.join(lab.directory(token), 'end')) && processesOf(token).length === 0);
    expectFlushed('claim', '.');
    writeFileSync(path.join(lab.root, 'syncs'), flushesAfter('job.sh', token));
    expectFlushed('outputs', '.');
    expectFlushed('end', '.');
    // nobody may see an end whose list would not outlive a power cut
    const listed = flushes().find(({ files, names }) => files.includes('.') && names.includes('outputs'));
    expect(listed?.names).not.toContain('end');
  });

  test('a revocation', async () => {
    const token = await made('exit 0');
    await scheduler.revoke({ token, job: null }, WHY, signal);
    expectFlushed('claim', token);
  });

  test('a claim that somebody else made, before a stop relies on it', async () => {
    const token = await made('exec sleep 100');
    const directory = lab.directory(token);
    await scheduler.release({ token, job: null }, signal);
    await until(() => existsSync(path.join(directory, 'stdout')));
    rmSync(path.join(lab.root, 'syncs'));
    await scheduler.stop({ token, job: null }, WHY, signal);
    const ours = flushes().find(({ files }) => files.includes('claim') && files.includes(token));
    expect(ours?.names).toContain('claim');
  });

  test('an end that says lost', async () => {
    const token = await made('exec sleep 100');
    const directory = lab.directory(token);
    await scheduler.release({ token, job: null }, signal);
    await until(() => existsSync(path.join(directory, 'stdout')));
    await until(() => {
      const left = processesOf(token);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      return left.length === 0;
    });
    rmSync(path.join(lab.root, 'syncs'));
    expect(await scheduler.stop({ token, job: null }, WHY, signal)).toMatchObject({ end: { kind: 'lost' } });
    expect(read(path.join(directory, 'end'))).toBe('lost\n');
    expectFlushed('end', token);
  });

  test('a removed manifest, before anything else goes', async () => {
    const token = await made('exit 0');
    await scheduler.revoke({ token, job: null }, WHY, signal);
    rmSync(path.join(lab.root, 'syncs'));
    expect(await scheduler.remove({ token, job: null }, signal)).toEqual({ kind: 'removed' });
    const removed = flushes().find(({ files, names }) => files.includes(token) && !names.includes('manifest'));
    expect(removed?.names).toEqual(expect.arrayContaining(['inputs', 'job.sh', 'claim']));
  });

  /** The notes of the job itself: its script was flushed by us, under a name that begins like its list. */
  function flushesAfter(name: string, directory: string): string {
    const lines = read(path.join(lab.root, 'syncs')).split('\n');
    const last = lines.findIndex((line) => line.startsWith(`${name} ${directory} : `));
    return lines.slice(last + 1).join('\n');
  }
});
