import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach } from 'vitest';

import { systemClock } from '../../src/daemon/clock.ts';
import { manifestText } from '../../src/domain/manifest.ts';
import type { ManifestEntry } from '../../src/domain/manifest.ts';
import { OwnDisk } from '../../src/transport/own-disk.ts';
import type { FetchRequest, SendRequest } from '../../src/transport/transport.ts';

const made: string[] = [];

/** Call it once in a test file: what its tests made is removed after each. */
export function cleanScratch(): void {
  afterEach(() => {
    for (const directory of made.splice(0)) removeStubborn(directory);
  });
}

/** What was abandoned on the "host" may still be writing its last mark. */
function removeStubborn(directory: string): void {
  for (let tries = 0; ; tries++) {
    try {
      return rmSync(directory, { recursive: true, force: true });
    } catch (error) {
      if (tries === 100) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** A directory of its own, with a name that a careless shell breaks. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "mqi it's $HOME-"));
  made.push(directory);
  return directory;
}

/** The disk that a place lies on, for a transfer that nobody calls off. */
export function diskOf(path: string): OwnDisk {
  return new OwnDisk('reading', path, systemClock, { stallMs: 60_000, signal: new AbortController().signal });
}

export type Tree = Readonly<Record<string, string | Buffer>>;

/** Writes files by their paths; a path that ends in `/` is an empty directory. */
export function writeTree(directory: string, tree: Tree): void {
  mkdirSync(directory, { recursive: true });
  for (const [path, content] of Object.entries(tree)) {
    if (path.endsWith('/')) mkdirSync(join(directory, path), { recursive: true });
    else {
      mkdirSync(join(directory, dirname(path)), { recursive: true });
      writeFileSync(join(directory, path), content);
    }
  }
}

/** What a directory holds: each path with the hash of its content, `/` for a directory. */
export function readTree(directory: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (place: Buffer, below: string): void => {
    for (const bytes of readdirSync(place, { encoding: 'buffer' })) {
      // a name need not be text
      const path = `${below}${bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')}`;
      const here = Buffer.concat([place, Buffer.from('/'), bytes]);
      if (lstatSync(here).isDirectory()) {
        found[`${path}/`] = '/';
        visit(here, `${path}/`);
      } else found[path] = sha256(readFileSync(here));
    }
  };
  visit(Buffer.from(directory), '');
  return found;
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The manifest of a folder without links, read plainly. */
export function manifestOf(folder: string): string {
  const entries: ManifestEntry[] = [];
  const emptyDirectories: string[] = [];
  const visit = (below: string): void => {
    const names = readdirSync(join(folder, below));
    if (names.length === 0 && below !== '') emptyDirectories.push(below);
    for (const name of names) {
      const path = below === '' ? name : `${below}/${name}`;
      const stats = statSync(join(folder, path));
      if (stats.isDirectory()) visit(path);
      else {
        const content = readFileSync(join(folder, path));
        const executable = (stats.mode & 0o100) !== 0;
        entries.push({ path, sizeBytes: stats.size, sha256: sha256(content), executable });
      }
    }
  };
  visit('');
  return manifestText({ entries, emptyDirectories });
}

/** Names that shells, tars and hashing programs are known to break on. */
export const HOSTILE: Tree = {
  plain: 'plain',
  'with space': 'space',
  "it's": 'quote',
  '"double"': 'double',
  '$(touch pwned)': 'substitution',
  '`touch pwned`': 'backticks',
  $HOME: 'variable',
  'new\nline': 'newline',
  '\n': 'only a newline',
  'tab\tand\rreturn': 'control',
  '-n': 'dash',
  '--help': 'long dash',
  '@at': 'at',
  'back\\slash': 'backslash',
  'back\\nslash': 'backslash n',
  '*': 'star',
  '[a]?{b,c}': 'glob',
  '~': 'tilde',
  '#hash;&|<>!': 'operators',
  'grün/ß/日本語': 'not ASCII',
  [`${'long '.repeat(40)}/${'path '.repeat(40)}/${'x'.repeat(250)}`]: 'longer than the field of a tar',
  ['y'.repeat(99)]: '99',
  ['z'.repeat(100)]: '100',
  [`${'ü'.repeat(60)}/file`]: 'long and not ASCII',
  '...': 'three dots',
  '-d/-f': 'dashes below dashes',
  zero: '',
  block: Buffer.alloc(512, 1),
  'more than a block': Buffer.alloc(513, 2),
  'more than a piece': Buffer.alloc(300_000, 3),
  'empty directory/': '',
  'directories/without/files/': '',
};

const never = new AbortController().signal;
/** A stall in a test is a hang; its machine may be busy with other tests. */
const STALL_MS = 20_000;

export function sendRequest(folder: string, root: string, change: Partial<SendRequest> = {}): SendRequest {
  const fingerprint = change.fingerprint ?? sha256(manifestOf(folder));
  return { folder, root, token: 'mqi-test-case-1-abc', fingerprint, stallMs: STALL_MS, signal: never, ...change };
}

export function fetchRequest(root: string, results: string, change: Partial<FetchRequest> = {}): FetchRequest {
  return {
    root,
    results,
    token: 'mqi-test-case-1-abc',
    globs: [{ glob: '**', optional: true }],
    mustBeWhole: true,
    target: "CASE it's/attempt-1",
    stallMs: STALL_MS,
    signal: never,
    ...change,
  };
}

/** An attempt's directory as a job leaves it: its files, its logs, and the list of its files. */
export function writeAttempt(root: string, tree: Tree, change: { readonly outputs?: string | null } = {}): string {
  const directory = join(root, 'attempts', 'mqi-test-case-1-abc');
  writeTree(directory, {
    manifest: 'manifest',
    'job.sh': 'job',
    claim: 'claim',
    end: 'end',
    'claim.n.1': 'x',
    'inputs/in': 'in',
    ...tree,
    stdout: 'said\n',
    stderr: '',
  });
  const listed = Object.entries(tree).filter(([path]) => !path.endsWith('/'));
  const list = listed.map(([path]) => `${statSync(join(directory, path)).size} ./${path}\0`).join('');
  const outputs = change.outputs === undefined ? list : change.outputs;
  if (outputs !== null) writeFileSync(join(directory, 'outputs'), outputs);
  return directory;
}

export function makeExecutable(path: string): void {
  chmodSync(path, 0o755);
}
