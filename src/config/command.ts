/**
 * Placeholders in `job.command`: `{inputs}` and its like, `{{` and `}}` for the braces themselves, and in a string
 * `${NAME}`, which is the shell's own. Any other brace is an error: a typo must not reach a GPU as it is.
 */
import type { CommandTemplate } from './config.ts';

export const PLACEHOLDERS = ['inputs', 'case', 'slot', 'attempt', 'token'] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'placeholder'; readonly name: string }
  /** A brace that belongs to nothing. */
  | { readonly kind: 'stray'; readonly brace: string };

const PIECE = /\$\{[^{}]*\}|\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}$]+|\$/g;

function pieces(template: string): readonly Piece[] {
  return [...template.matchAll(PIECE)].map(([whole, name]): Piece => {
    if (whole.startsWith('${')) return { kind: 'text', text: whole };
    if (whole === '{{' || whole === '}}') return { kind: 'text', text: whole[0]! };
    if (name !== undefined) return { kind: 'placeholder', name };
    if (whole === '{' || whole === '}') return { kind: 'stray', brace: whole };
    return { kind: 'text', text: whole };
  });
}

export type CommandComplaint =
  | { readonly kind: 'unknown'; readonly name: string }
  | { readonly kind: 'stray'; readonly brace: string }
  /** `${case}` is the shell's own variable, not the placeholder, and empty. */
  | { readonly kind: 'dollar'; readonly name: string }
  /** In a string, where the shell would not read a quoted value as one word. */
  | { readonly kind: 'quoted'; readonly name: string };

/** What is wrong with one argument of a list, or (`shell`) with a string that `sh -c` runs. */
export function complaints(template: string, shell: boolean): readonly CommandComplaint[] {
  let before = '';
  const found: CommandComplaint[] = [];
  for (const piece of pieces(template)) {
    if (piece.kind === 'stray') found.push(piece);
    else if (piece.kind === 'text') {
      before += piece.text;
      const name = /^\$\{(.*)\}$/.exec(piece.text)?.[1];
      if (name !== undefined && isPlaceholder(name)) found.push({ kind: 'dollar', name });
    } else if (!isPlaceholder(piece.name)) found.push({ kind: 'unknown', name: piece.name });
    else if (shell && !isPlain(before)) found.push({ kind: 'quoted', name: piece.name });
  }
  return found;
}

/** Values of one attempt; a string gets them through `quote` (one shell word each), a list as they are. */
export function fillCommand(
  template: CommandTemplate,
  values: Readonly<Record<Placeholder, string>>,
  quote: (value: string) => string,
): CommandTemplate {
  return typeof template === 'string'
    ? fill(template, (name) => quote(values[name]))
    : template.map((argument) => fill(argument, (name) => values[name]));
}

function fill(template: string, value: (name: Placeholder) => string): string {
  return pieces(template)
    .map((piece) => {
      if (piece.kind === 'text') return piece.text;
      if (piece.kind === 'placeholder' && isPlaceholder(piece.name)) return value(piece.name);
      throw new Error(`a command that the configuration should have refused: ${template}`);
    })
    .join('');
}

function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}

/**
 * Is the shell, after reading this much, outside of quotes, backquotes, here-documents and comments? Only there is a
 * quoted value one word whatever it holds: a case is named by its user, and `$(…)` in a name must stay a name. What is
 * hard to follow (here-documents, `$'…'`, commands within double quotes) counts as quoted to the end: no is the safe answer.
 */
function isPlain(shellText: string): boolean {
  if (shellText.includes('<<') || shellText.includes("$'")) return false;
  let quote: string | null = null;
  for (let at = 0; at < shellText.length; at += 1) {
    const character = shellText[at]!;
    if (character === '\\' && quote !== "'") {
      if (at === shellText.length - 1) return false;
      at += 1;
    } else if (quote === '"' && (character === '`' || shellText.startsWith('$(', at))) {
      return false;
    } else if (quote === null && character === '#' && /(^|[\s;&|()])$/.test(shellText.slice(0, at))) {
      // an apostrophe in a comment opens nothing
      const end = shellText.indexOf('\n', at);
      if (end === -1) return false;
      at = end;
    } else if (quote === null && /["'`]/.test(character)) {
      quote = character;
    } else if (character === quote) {
      quote = null;
    }
  }
  return quote === null;
}
