import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, test, vi } from 'vitest';

import { readPrivateFile } from '../../src/daemon/private-file.ts';
import { tempFolder } from '../store/temp.ts';

afterEach(() => vi.unstubAllEnvs());

function fileOf(text: string, mode: number, folder = tempFolder()): string {
  const path = join(folder, 'secret');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe('a file of secrets', () => {
  test.each([0o600, 0o400])('of mode %o is read', (mode) => {
    expect(readPrivateFile(fileOf('secret\n', mode))).toBe('secret\n');
  });

  test.each([0o640, 0o440, 0o604, 0o620, 0o602])('of mode %o, which others can read or write, is not', (mode) => {
    const path = fileOf('secret\n', mode);
    expect(() => readPrivateFile(path)).toThrow(`others can read ${path}: chmod 600 ${path}`);
  });

  test('may have 64 KiB, and not a byte more', () => {
    expect(readPrivateFile(fileOf('x'.repeat(65_536), 0o600))).toHaveLength(65_536);
    expect(() => readPrivateFile(fileOf('x'.repeat(65_537), 0o600))).toThrow('larger than 64 KiB');
  });

  test('that is a FIFO, a folder or a device is refused at once, with what to do', () => {
    const fifo = join(tempFolder(), 'fifo');
    execFileSync('mkfifo', ['-m', '600', fifo]);
    for (const path of [fifo, tempFolder(), '/dev/zero'])
      expect(() => readPrivateFile(path)).toThrow(`${path} is no regular file: put the secret into one`);
  });
});

describe('a credential of systemd', () => {
  test('shows its mask as the right of a group (0440), and is read', () => {
    const folder = tempFolder();
    vi.stubEnv('CREDENTIALS_DIRECTORY', folder);
    const path = fileOf('secret', 0o440, folder);
    expect(readPrivateFile(path)).toBe('secret');
    const link = join(tempFolder(), 'link');
    symlinkSync(path, link);
    expect(readPrivateFile(link)).toBe('secret');
  });

  test.each([0o444, 0o460, 0o442])('of mode %o is open to others still', (mode) => {
    const folder = tempFolder();
    vi.stubEnv('CREDENTIALS_DIRECTORY', folder);
    expect(() => readPrivateFile(fileOf('secret', mode, folder))).toThrow('chmod 600');
  });

  test('is nothing that lies deeper, elsewhere, or is only linked from there', () => {
    const folder = tempFolder();
    vi.stubEnv('CREDENTIALS_DIRECTORY', folder);
    const deeper = join(folder, 'deeper');
    mkdirSync(deeper);
    const elsewhere = fileOf('secret', 0o440);
    const link = join(folder, 'link');
    symlinkSync(elsewhere, link);
    for (const path of [fileOf('secret', 0o440, deeper), elsewhere, link])
      expect(() => readPrivateFile(path)).toThrow('chmod 600');
  });

  test('is nothing where the folder is not there, or not said', () => {
    const path = fileOf('secret', 0o440);
    for (const folder of ['', '/nowhere']) {
      vi.stubEnv('CREDENTIALS_DIRECTORY', folder);
      expect(() => readPrivateFile(path)).toThrow('chmod 600');
    }
  });
});
