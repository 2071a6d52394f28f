/**
 * One argument as one word of a POSIX shell, whatever is in it: inside single quotes nothing has a meaning but the
 * single quote itself. A word of harmless characters stays as it is, for the person who reads a log.
 *
 * Throws on a NUL byte: no argument of any program can hold one, so that a caller that has one is wrong.
 */
export function quote(argument: string): string {
  if (argument.includes('\0')) throw new Error(`an argument with a NUL byte: ${JSON.stringify(argument)}`);
  // `~` and `=` are left out: a shell gives them a meaning at the start of a word
  if (/^[A-Za-z0-9_/.:,@+-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** A command line out of its arguments; quote it once more to hand it to a second shell. */
export function quoteAll(command: readonly string[]): string {
  return command.map(quote).join(' ');
}

/**
 * A path of the host as one word of a shell: `root` (absolute, or `~`, or below `~/`) and names below it. The tilde is
 * the one thing that must stay outside the quotes.
 */
export function quotePath(root: string, ...below: readonly string[]): string {
  const tail = below.map((part) => `/${part}`).join('');
  if (root !== '~' && !root.startsWith('~/')) return quote(`${root.replace(/\/+$/, '')}${tail}` || '/');
  const inHome = `${root.slice(1).replace(/\/+$/, '')}${tail}`;
  return inHome === '' ? '"$HOME"' : `"$HOME"${quote(inHome)}`;
}
