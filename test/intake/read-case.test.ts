import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { manifestText } from '../../src/domain/manifest.ts';
import { readCaseFolder } from '../../src/intake/read-case.ts';
import { signFolder, signatureText } from '../../src/intake/signature.ts';
import type { SignOptions } from '../../src/intake/signature.ts';
import { surveyFolder } from '../../src/intake/survey.ts';
import { listFolder } from '../../src/transport/folder.ts';
import { diskOf } from '../transport/scratch.ts';
import { makeFifo, tempDirectory, writeTree } from './harness.ts';

const options: SignOptions = {
  isTemporaryName: () => false,
  readyMarker: null,
  signal: new AbortController().signal,
};

function caseWith(tree: Readonly<Record<string, string>> = { 'a.txt': 'a' }): string {
  const folder = join(tempDirectory(), 'case');
  writeTree(folder, tree);
  return folder;
}

async function read(folder: string, own: SignOptions = options) {
  const sight = await signFolder(folder, options);
  if (sight.kind !== 'seen') throw new Error(sight.kind);
  return readCaseFolder(folder, signatureText(sight.signature), own);
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const fileOf = (path: string, content: string, executable = false) => ({
  path,
  sizeBytes: Buffer.byteLength(content),
  sha256: sha256(content),
  executable,
});

describe('what is read', () => {
  test('the fingerprint is the hash of the text of the manifest', async () => {
    const folder = caseWith({ 'b/c.txt': 'content', 'run.sh': '#!/bin/sh\n', 'none/': '', zero: '' });
    chmodSync(join(folder, 'run.sh'), 0o755);
    const text = manifestText({
      entries: [fileOf('b/c.txt', 'content'), fileOf('run.sh', '#!/bin/sh\n', true), fileOf('zero', '')],
      emptyDirectories: ['none'],
    });
    expect(await read(folder)).toEqual({
      kind: 'read',
      content: { fingerprint: sha256(text), files: 3, sizeBytes: 17 },
    });
  });

  test('a file larger than one read is hashed whole', async () => {
    const content = 'x'.repeat(3_000_000);
    const text = manifestText({ entries: [fileOf('large', content)], emptyDirectories: [] });
    expect(await read(caseWith({ large: content }))).toMatchObject({ content: { fingerprint: sha256(text) } });
  });

  test('links that stay inside count as what they point to, and hard links are files', async () => {
    const linked = caseWith({ 'data/a': 'A', 'data/none/': '' });
    symlinkSync('data/a', join(linked, 'relative'));
    symlinkSync(join(linked, 'data'), join(linked, 'absolute'));
    symlinkSync('relative', join(linked, 'chain'));
    linkSync(join(linked, 'data/a'), join(linked, 'hard'));
    const plain = caseWith({
      'data/a': 'A',
      'data/none/': '',
      relative: 'A',
      'absolute/a': 'A',
      'absolute/none/': '',
      chain: 'A',
      hard: 'A',
    });
    expect(await read(linked)).toEqual(await read(plain));
  });

  test('any name that a file system allows is a name', async () => {
    const names = ['a b', `'"`, '$(rm -rf .)', 'new\nline', '-rf', 'Müller', '患者', '\\', '*', '\t', '…', '`id`', '#'];
    const tree = Object.fromEntries(
      names.flatMap((name) => [
        [name, name],
        [`${name}.d/${name}`, ''],
      ]),
    );
    const reading = await read(caseWith(tree));
    expect(reading).toMatchObject({ kind: 'read', content: { files: 2 * names.length } });
  });

  test('the same entries are seen as by the upload, whose manifest has to have the same fingerprint', async () => {
    const folder = caseWith({ 'd/a': 'A', 'd/none/': '', 'run.sh': '', 'Müller\n/$(x)': 'x', '.hidden': '' });
    chmodSync(join(folder, 'run.sh'), 0o755);
    symlinkSync('d', join(folder, 'link'));
    symlinkSync('run.sh', join(folder, 'link.sh'));
    const [survey, listing] = [await surveyFolder(folder, options.signal), await listFolder(folder, diskOf(folder))];
    if (survey.kind !== 'surveyed') throw new Error(survey.kind);
    const manifest = (
      of: Pick<typeof survey, 'emptyDirectories'> & { files: readonly Omit<ReturnType<typeof fileOf>, 'sha256'>[] },
    ) =>
      manifestText({
        entries: of.files.map((file) => ({ ...file, sha256: '' })),
        emptyDirectories: of.emptyDirectories,
      });
    expect(manifest(survey)).toBe(manifest(listing));
  });

  test('reading changes nothing in the folder', async () => {
    const folder = caseWith({ a: 'a', 'd/b': 'b', 'e/': '' });
    const before = await signFolder(folder, options);
    await read(folder);
    expect(await signFolder(folder, options)).toEqual(before);
  });
});

const nonUtf8 = (parent: string): Buffer => Buffer.concat([Buffer.from(`${parent}/bad`), Buffer.from([0xff])]);

const rejections: Readonly<Record<string, { make: (folder: string) => void; reason: RegExp }>> = {
  'a relative link that leaves the case': {
    make(folder) {
      writeFileSync(join(folder, '../secret'), '');
      symlinkSync('../secret', join(folder, 'odd'));
    },
    reason: /^"odd": a symbolic link that leaves the case folder \(to "\.\.\/secret"\)/,
  },
  'an absolute link that leaves the case': {
    make: (folder) => symlinkSync('/etc/passwd', join(folder, 'odd')),
    reason: /^"odd": a symbolic link that leaves .*\(to "\/etc\/passwd"\)/,
  },
  'a link to a neighbour whose name begins alike': {
    make(folder) {
      writeTree(`${folder}-2`, { a: '' });
      symlinkSync('../case-2/a', join(folder, 'odd'));
    },
    reason: /^"odd": a symbolic link that leaves/,
  },
  'a link inside to a link that leaves': {
    make(folder) {
      symlinkSync('/etc', join(folder, 'one'));
      symlinkSync('one/passwd', join(folder, 'two'));
    },
    reason: /"one": a symbolic link that leaves .*; "two": a symbolic link that leaves/,
  },
  'a link to nothing': {
    make: (folder) => symlinkSync('not there', join(folder, 'odd')),
    reason: /^"odd": a symbolic link to nothing \(to "not there"\)/,
  },
  'a link to itself': {
    make: (folder) => symlinkSync('odd', join(folder, 'odd')),
    reason: /^"odd": a symbolic link to nothing/,
  },
  'a link to a directory that it lies in': {
    make(folder) {
      mkdirSync(join(folder, 'd/e'), { recursive: true });
      symlinkSync('../../d', join(folder, 'd/e/up'));
    },
    reason: /^"d\/e\/up": a symbolic link to a directory that it lies in/,
  },
  'a link to the case itself': {
    make: (folder) => symlinkSync('.', join(folder, 'odd')),
    reason: /^"odd": a symbolic link to a directory that it lies in/,
  },
  'two directories that link to each other': {
    make(folder) {
      writeTree(folder, { 'a/': '', 'b/': '' });
      symlinkSync('../b', join(folder, 'a/x'));
      symlinkSync('../a', join(folder, 'b/y'));
    },
    reason: /^"a\/x\/y": a symbolic link to a directory that it lies in/,
  },
  'a FIFO': { make: (folder) => makeFifo(join(folder, 'odd')), reason: /^"odd": a FIFO/ },
  'a link to a FIFO': {
    make(folder) {
      makeFifo(join(folder, 'fifo'));
      symlinkSync('fifo', join(folder, 'odd'));
    },
    reason: /"odd": a FIFO/,
  },
  'a name that is no UTF-8': {
    make: (folder) => writeFileSync(nonUtf8(folder), ''),
    reason: /^"bad\\\\xff": its name is not valid UTF-8/,
  },
  'a directory whose name is no UTF-8': {
    make: (folder) => mkdirSync(nonUtf8(folder)),
    reason: /^"bad\\\\xff": its name is not valid UTF-8/,
  },
  'a path that is too long on the host': {
    make(folder) {
      const deep = Array.from({ length: 18 }, () => 'd'.repeat(200)).join('/');
      mkdirSync(join(folder, deep), { recursive: true });
    },
    reason: /: its path is longer than 3583 bytes/,
  },
  'a path that is too long even here': {
    make(folder) {
      const here = process.cwd();
      process.chdir(folder);
      for (let level = 0; level < 20; level++) {
        mkdirSync('d'.repeat(240));
        process.chdir('d'.repeat(240));
      }
      process.chdir(here);
    },
    reason: /: its path is longer than 3583 bytes/,
  },
};

describe('what is rejected, by name and reason', () => {
  for (const [what, { make, reason }] of Object.entries(rejections)) {
    test(what, async () => {
      const folder = caseWith();
      make(folder);
      const reading = await read(folder);
      expect(reading).toMatchObject({ kind: 'rejected', reason: expect.stringMatching(reason) as string });
    });
  }

  test('a socket', async () => {
    const folder = caseWith();
    const server = createServer();
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => {
      server.listen(join(folder, 'odd'), resolve);
    });
    expect(await read(folder)).toMatchObject({ kind: 'rejected', reason: expect.stringMatching(/^"odd": a socket/) });
  });

  test.runIf(process.getuid?.() === 0)('a device', async () => {
    const folder = caseWith();
    execFileSync('mknod', [join(folder, 'odd'), 'c', '1', '3']);
    expect(await read(folder)).toMatchObject({ kind: 'rejected', reason: expect.stringMatching(/^"odd": a device/) });
  });

  test('a file and a directory that cannot be read', async () => {
    const folder = caseWith({ secret: 'x', 'other/a': '' });
    chmodSync(join(folder, 'secret'), 0);
    await asNobody(folder, async () => {
      expect(await read(folder)).toMatchObject({
        kind: 'rejected',
        reason: expect.stringMatching(/^"secret": it cannot be read \(EACCES\)/),
      });
    });
    chmodSync(join(folder, 'other'), 0);
    await asNobody(folder, async () => {
      expect(await read(folder)).toMatchObject({
        kind: 'rejected',
        reason: expect.stringMatching(/^"other": this directory cannot be read \(EACCES\)/),
      });
    });
    chmodSync(folder, 0);
    await asNobody(dirname(folder), async () => {
      expect(await read(folder)).toMatchObject({
        kind: 'rejected',
        reason: expect.stringMatching(/^the folder itself: this directory cannot be read \(EACCES\)/),
      });
    });
    chmodSync(folder, 0o700);
    chmodSync(join(folder, 'other'), 0o700);
  });

  test('of many faults three are named', async () => {
    const folder = caseWith();
    for (const name of ['1', '2', '3', '4', '5']) symlinkSync('/etc', join(folder, name));
    const reading = await read(folder);
    expect(reading).toMatchObject({ reason: expect.stringMatching(/^"1": .*"2": .*"3": .*; and more$/) });
  });
});

/** Root may read everything, so root's tests read as nobody; everybody else's as they are. */
async function asNobody(reachable: string, work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return work();
  for (let path = reachable; path.includes('mqi-intake-'); path = dirname(path)) chmodSync(path, 0o755);
  process.seteuid!(65_534);
  try {
    await work();
  } finally {
    process.seteuid!(0);
  }
}

describe('a folder that is written to while it is read', () => {
  /** Acts when the reading has come to its nth question whether to stop: a file of 4 MiB is asked 4 times. */
  const interrupting = (nth: number, act: () => void): SignOptions => {
    let asked = 0;
    const signal = {
      get aborted() {
        if (++asked === nth) act();
        return false;
      },
    } as AbortSignal;
    return { ...options, signal };
  };

  const meddling: Readonly<Record<string, (folder: string) => void>> = {
    'a file that grows': (folder) => appendFileSync(join(folder, 'large'), 'more'),
    'a file written in place': (folder) => writeFileSync(join(folder, 'large'), Buffer.alloc(4 << 20, 2)),
    'a file that shrinks': (folder) => writeFileSync(join(folder, 'large'), ''),
    'a file that appears': (folder) => writeFileSync(join(folder, 'new'), ''),
    'a file that vanishes': (folder) => rmSync(join(folder, 'small')),
    'a folder that vanishes': (folder) => rmSync(folder, { recursive: true }),
    'a file that becomes a FIFO': (folder) => {
      rmSync(join(folder, 'small'));
      makeFifo(join(folder, 'small'));
    },
    'a file that becomes a link': (folder) => {
      rmSync(join(folder, 'small'));
      symlinkSync('large', join(folder, 'small'));
    },
  };

  for (const [what, act] of Object.entries(meddling)) {
    test(`${what} at any moment makes it moving, or is what comes after an untouched reading`, async () => {
      const whole = caseWith({ large: '', small: 'small' });
      writeFileSync(join(whole, 'large'), Buffer.alloc(4 << 20, 1));
      const untouched = await read(whole);
      let moments = 0;
      for (let nth = 1; nth < 40; nth++) {
        const folder = caseWith({ large: '', small: 'small' });
        writeFileSync(join(folder, 'large'), Buffer.alloc(4 << 20, 1));
        let acted = false;
        const reading = await read(
          folder,
          interrupting(nth, () => {
            acted = true;
            act(folder);
          }),
        );
        if (!acted) break;
        moments += 1;
        // the last walk may have passed the place already: then what was read is what had lain there until then
        if (reading.kind === 'read') expect(reading).toEqual(untouched);
        else expect(reading).toEqual({ kind: 'moving' });
        rmSync(folder, { recursive: true, force: true });
      }
      // before, in between, after: the questions of both walks and of every piece
      expect(moments).toBeGreaterThan(5);
    });
  }

  test('another signature than the one that settled is not read at all', async () => {
    expect(await readCaseFolder(caseWith(), 'another', options)).toEqual({ kind: 'moving' });
  });
});
