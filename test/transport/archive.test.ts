import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { extract } from 'tar-stream';
import { describe, expect, test } from 'vitest';

import { ARCHIVE_END, directoryHeader, fileHeader, padding } from '../../src/transport/archive.ts';
import { HOSTILE, cleanScratch, readTree, scratch, writeTree } from './scratch.ts';

cleanScratch();

function archiveOf(tree: typeof HOSTILE): Buffer {
  const pieces: Uint8Array[] = [];
  for (const [path, content] of Object.entries(tree)) {
    if (path.endsWith('/')) pieces.push(directoryHeader(path.slice(0, -1), 0));
    else {
      const bytes = Buffer.from(content);
      pieces.push(fileHeader({ path, sizeBytes: bytes.length, executable: path === 'plain', modified: 1_700_000_000 }));
      pieces.push(bytes, padding(bytes.length));
    }
  }
  return Buffer.concat([...pieces, ARCHIVE_END]);
}

const TARS: readonly (readonly string[])[] = [['tar'], ['busybox', 'tar'], ['bsdtar']];

describe('an archive', () => {
  for (const [program, ...first] of TARS) {
    const isHere = spawnSync(program!, ['--help']).error === undefined;
    test.skipIf(!isHere)(`is unpacked to the byte by ${program}`, () => {
      const directory = scratch();
      const { status, stderr } = spawnSync(program!, [...first, '-x', '-o', '-f', '-'], {
        cwd: directory,
        input: archiveOf(HOSTILE),
        env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      });
      expect([stderr.toString(), status]).toEqual(['', 0]);
      const expected = scratch();
      writeTree(expected, HOSTILE);
      expect(readTree(directory)).toEqual(readTree(expected));
      expect(statSync(join(directory, 'plain')).mode & 0o777).toBe(0o755);
      expect(statSync(join(directory, 'zero')).mtimeMs).toBe(1_700_000_000_000);
      expect(readFileSync(join(directory, 'zero'), 'utf8')).toBe('');
    });
  }

  test('holds sizes beyond what eleven octal digits can say', async () => {
    const sizes = [8 ** 11 - 1, 8 ** 11, 3 * 8 ** 12 + 12_345];
    for (const sizeBytes of sizes) {
      const archive = extract();
      const seen = new Promise<number>((resolve) => archive.on('entry', (header) => resolve(header.size)));
      archive.write(fileHeader({ path: 'huge', sizeBytes, executable: false, modified: -1 }));
      expect(await seen).toBe(sizeBytes);
      archive.destroy();
    }
  });
});
