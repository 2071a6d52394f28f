import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARIES = '/usr/lib';

/** Debian keeps it below the name of the machine's architecture. */
export function faketimeLibrary(): string | null {
  const found = readdirSync(LIBRARIES)
    .map((folder) => join(LIBRARIES, folder, 'faketime', 'libfaketime.so.1'))
    .find((path) => existsSync(path));
  return found ?? null;
}

/** A wall clock that a test sets (`+2d`, `-2d`, `+0`) under a running process; its timers go on as before (LAB.md 4f). */
export function createWallClock(
  library: string,
  file: string,
): { readonly env: Readonly<Record<string, string>>; jump(offset: string): void } {
  const jump = (offset: string): void => writeFileSync(file, `${offset}\n`);
  jump('+0');
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    jump,
  };
}
