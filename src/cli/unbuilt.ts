import { CliError } from './cli-error.ts';
import { packageFile } from './package-file.ts';
import { shellWord } from './shell-word.ts';

/**
 * Native code is compiled when the program is installed, for the Node of then: after an upgrade of Node, or an
 * installation whose scripts were held back, it does not load. Null for any other error.
 */
export function unbuilt(error: unknown): CliError | null {
  if (!(error instanceof Error)) return null;
  // `tries` are the places in which the package `bindings` has looked
  const isUnbuilt = ('code' in error && error.code === 'ERR_DLOPEN_FAILED') || 'tries' in error;
  if (!isUnbuilt) return null;
  return new CliError(
    `the compiled part of SQLite did not load: it was built for another Node than this ${process.version}, or not at all`,
    rebuild('better-sqlite3'),
  );
}

export function rebuild(library: string): string {
  return `cd ${shellWord(packageFile())} && npm rebuild ${library}`;
}
