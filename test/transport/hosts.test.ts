import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import type { Spawn } from '../../src/transport/transport.ts';
import { frailSpawn, poorSpawn, transportOf } from './frail-spawn.ts';
import {
  HOSTILE,
  cleanScratch,
  fetchRequest,
  readTree,
  scratch,
  sendRequest,
  sha256,
  writeAttempt,
  writeTree,
} from './scratch.ts';

cleanScratch();

/** Every program that the scripts use besides tar and a hash. */
const POSIX = [
  'cat',
  'ls',
  'chmod',
  'cp',
  'cut',
  'df',
  'find',
  'mkdir',
  'mv',
  'rm',
  'sed',
  'sh',
  'sync',
  'tail',
  'wc',
  'sleep',
];

function which(program: string): string | null {
  const { stdout, status } = spawnSync('sh', ['-c', `command -v ${program}`]);
  return status === 0 ? stdout.toString().trim() : null;
}

/** A PATH on which nothing but these programs is; `a:b` gives the program b the name a. */
function pathOf(programs: readonly string[]): string {
  const directory = join(scratch(), 'bin');
  mkdirSync(directory);
  for (const program of programs) {
    const [name, target] = program.includes(':') ? program.split(':') : [program, program];
    symlinkSync(which(target!)!, join(directory, name!));
  }
  return directory;
}

interface HostKind {
  readonly needs: readonly string[];
  readonly shell: string;
  readonly programs: readonly string[];
}

const HOSTS: Record<string, HostKind> = {
  'dash, GNU tar, openssl': { needs: ['dash'], shell: '/bin/dash', programs: [...POSIX, 'tar', 'openssl'] },
  'bash, bsdtar, sha256sum': {
    needs: ['bash', 'bsdtar'],
    shell: '/bin/bash',
    programs: [...POSIX, 'tar:bsdtar', 'sha256sum'],
  },
  'busybox alone': {
    needs: ['busybox'],
    shell: 'busybox sh',
    programs: ['busybox', ...[...POSIX, 'tar', 'sha256sum'].map((name) => `${name}:busybox`)],
  },
};

for (const [name, { needs, shell, programs }] of Object.entries(HOSTS)) {
  describe.skipIf(needs.some((program) => which(program) === null))(`a host with ${name}`, () => {
    const make = (): ReturnType<typeof poorSpawn> => poorSpawn(shell, pathOf(programs));
    beforeAll(() => {
      // here, not in a test: what is wrong with the host itself shows by its name
      const { stderr, status } = spawnSync('sh', ['-c', `${shell} -c true`]);
      expect([stderr.toString(), status]).toEqual(['', 0]);
    });

    test('takes a case with hostile names, cut once, and gives hostile results back', async () => {
      const spawn = make();
      const folder = scratch();
      writeTree(folder, HOSTILE);
      const root = scratch();
      const cut = frailSpawn({ afterBytes: 200_000, how: 'reset' }, spawn);
      expect(await transportOf(cut.spawn).send(sendRequest(folder, root))).toMatchObject({ kind: 'blind' });
      expect(await transportOf(spawn).send(sendRequest(folder, root))).toEqual({ kind: 'sent' });
      const attempt = join(root, 'attempts', 'mqi-test-case-1-abc');
      expect(readTree(join(attempt, 'inputs'))).toEqual(readTree(folder));

      const { 'empty directory/': _, 'directories/without/files/': __, ...files } = HOSTILE;
      const home = scratch();
      const directory = writeAttempt(home, { ...files, 'with a hole': '' }, { outputs: null });
      truncateSync(join(directory, 'with a hole'), 3_000_000);
      // names that are no UTF-8, and a second name of a file
      const latin = Buffer.concat([Buffer.from(`${directory}/latin`), Buffer.from([0xe9])]);
      writeFileSync(latin, 'latin');
      spawnSync('ln', ['plain', 'second name'], { cwd: directory });
      const list = spawnSync('sh', ['-c', `find . ${EXCLUDED} -o -type f -printf '%s %p\\0'`], { cwd: directory });
      writeFileSync(join(directory, 'outputs'), list.stdout);

      const results = scratch();
      const outcome = await transportOf(spawn).fetch(fetchRequest(home, results));
      expect(outcome).toEqual({ kind: 'fetched', missingGlobs: [], files: Object.keys(files).length + 5 });
      const fetched = join(results, "CASE it's", 'attempt-1');
      const expected = readTree(directory);
      for (const [path, hash] of Object.entries(readTree(fetched))) {
        if (path !== 'manifest.json') expect([path, hash]).toEqual([path, expected[path]]);
      }
      expect(readTree(fetched)).toMatchObject({ latiné: sha256('latin'), 'second name': sha256('plain') });
    });

    test('lists what a killed job left', async () => {
      const root = scratch();
      writeAttempt(root, { 'new\nline': 'n', '-n': 'd' }, { outputs: null });
      const results = scratch();
      const outcome = await transportOf(make()).fetch(fetchRequest(root, results, { mustBeWhole: false }));
      expect(outcome).toEqual({ kind: 'fetched', missingGlobs: [], files: 4 });
      expect(readFileSync(join(results, "CASE it's", 'attempt-1', 'new\nline'), 'utf8')).toBe('n');
    });
  });
}

/** As the job script lists its outputs. */
const EXCLUDED =
  "'(' -path ./inputs -o -path ./manifest -o -path ./job.sh -o -path ./claim -o -path './claim.*' -o -path ./end -o -path ./outputs -o -path ./stdout -o -path ./stderr ')' -prune";

describe('a host on which something is missing', () => {
  test('without tar it is blocked, in both directions, and says what to install', async () => {
    const spawn = poorSpawn('/bin/sh', pathOf([...POSIX, 'sha256sum']));
    const folder = scratch();
    writeTree(folder, { a: 'a' });
    const root = scratch();
    const sent = await transportOf(spawn).send(sendRequest(folder, root));
    expect(sent).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('tar is missing') as string });
    writeAttempt(root, { a: 'a' });
    const fetched = await transportOf(spawn).fetch(fetchRequest(root, scratch()));
    expect(fetched).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('tar') as string });
  });

  test('without a hashing program it is blocked, in both directions', async () => {
    const spawn = poorSpawn('/bin/sh', pathOf([...POSIX, 'tar']));
    const folder = scratch();
    writeTree(folder, { a: 'a' });
    const root = scratch();
    const sent = await transportOf(spawn).send(sendRequest(folder, root));
    expect(sent).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('sha256sum') as string });
    expect(existsSync(join(root, 'attempts'))).toBe(false);
    writeAttempt(root, { a: 'a' });
    const fetched = await transportOf(spawn).fetch(fetchRequest(root, scratch()));
    expect(fetched).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('sha256sum') as string });
  });

  const isRoot = process.getuid?.() === 0;
  const nobody = (): Spawn =>
    poorSpawn('setpriv --reuid 65534 --regid 65534 --clear-groups /bin/sh', process.env['PATH'] ?? '');

  describe.skipIf(!isRoot || which('setpriv') === null)('what may not be read is not absent', () => {
    const open = (root: string): void => {
      chmodSync(root, 0o777);
      mkdirSync(join(root, 'attempts'), { recursive: true });
      chmodSync(join(root, 'attempts'), 0o777);
    };

    test('an attempt that may not be looked up is not sent a second time', async () => {
      const folder = scratch();
      writeTree(folder, { a: 'a' });
      const root = scratch();
      open(root);
      const directory = join(root, 'attempts', 'mqi-test-case-1-abc');
      writeTree(directory, { manifest: 'manifest' });
      chmodSync(directory, 0o700);
      const sent = await transportOf(nobody()).send(sendRequest(folder, root));
      expect(sent).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('ermission denied') as string });
      expect(existsSync(join(root, 'staging'))).toBe(false);
    });

    test('an output, or the folder of one, is said to be unreadable, whether results must be whole or not', async () => {
      for (const hidden of ['out/file', 'out']) {
        const root = scratch();
        chmodSync(root, 0o755);
        const directory = writeAttempt(root, { 'out/file': 'of a container', other: 'other' });
        chmodSync(join(directory, hidden), 0o600);
        const fetched = await transportOf(nobody()).fetch(fetchRequest(root, scratch()));
        const said = 'out/file cannot be read on the host';
        expect(fetched).toMatchObject({ kind: 'blocked', reason: expect.stringContaining(said) as string });
        const results = scratch();
        const part = await transportOf(nobody()).fetch(fetchRequest(root, results, { mustBeWhole: false }));
        expect(part).toMatchObject({ kind: 'fetched', files: 3 });
        expect(readFileSync(join(results, "CASE it's", 'attempt-1', 'manifest.json'), 'utf8')).toContain(said);
      }
    });

    test('a root that may not be entered is not called missing', async () => {
      const root = scratch();
      writeAttempt(root, { a: 'a' });
      chmodSync(root, 0o700);
      for (const mustBeWhole of [true, false]) {
        const fetched = await transportOf(nobody()).fetch(fetchRequest(root, scratch(), { mustBeWhole }));
        expect(fetched).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('ermission') as string });
      }
    });
  });

  test.skipIf(!isRoot || which('setpriv') === null)(
    'where this user may not write it is blocked, and says where (needs root, to become nobody)',
    async () => {
      const folder = scratch();
      writeTree(folder, { a: 'a' });
      const root = scratch();
      const asNobody = nobody();
      chmodSync(root, 0o755);
      const sent = await transportOf(asNobody).send(sendRequest(folder, root));
      expect(sent).toMatchObject({ kind: 'blocked', reason: expect.stringContaining(`write below ${root}`) as string });
      chmodSync(writeAttempt(root, { a: 'a' }), 0o700);
      const fetched = await transportOf(asNobody).fetch(fetchRequest(root, scratch()));
      expect(fetched).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('ermission') as string });
    },
  );
});
