/** One word of a shell, for a command that a person copies: a folder may be called `a b; rm -r ~`. */
export function shellWord(text: string): string {
  return /^[\w./~:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
