/**
 * Placeholders in `job.command`: `{inputs}` and its like, `{{` and `}}` for the braces themselves, and in a string
 * `${NAME}`, which is the shell's own. Any other brace is an error: a typo must not reach a GPU as it is.
 *
 * A value never becomes text of a shell: a case is named by its user, and `$(…)` in a name must stay a name. Each
 * placeholder becomes a variable of the job's environment instead.
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
  /** `{case}` in double quotes that a second shell reads as code: there a name would be code too. */
  | { readonly kind: 'code' };

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
    else if (shell && piece.name === 'case' && SECOND_SHELL.test(before)) found.push({ kind: 'code' });
  }
  return found;
}

/** `sh -c "…`, `eval "…`, `su USER -c "…`, `ssh HOST "…`, up to a placeholder in these double quotes. */
const SECOND_SHELL =
  /\b(?:(?:(?:ba|da|z|k|mk|a)?sh|su|runuser)\b[^"';|&\n]*\s-[A-Za-z]*c|eval|ssh\b[^"';|&\n]*)\s+"(?:[^"\\]|\\.)*$/s;

/** A placeholder that this shell will not replace: right for a second shell, which reads the variable then, and for nothing else. */
export function singleQuoted(template: CommandTemplate): readonly Placeholder[] {
  if (typeof template !== 'string') return [];
  let before = '';
  return pieces(template).flatMap((piece) => {
    if (piece.kind === 'text') before += piece.text;
    return piece.kind === 'placeholder' && isPlaceholder(piece.name) && isInSingleQuotes(before) ? [piece.name] : [];
  });
}

export function singleQuotedSentence(name: Placeholder): string {
  return `job.command: {${name}} in single quotes is left to whatever reads these: a second shell finds the value in $${variable(name)}, nothing else does`;
}

/** As far as this much text tells: what it gets wrong costs a note, and nothing else. */
function isInSingleQuotes(text: string): boolean {
  const open = text.replaceAll(/'[^']*'|"(?:[^"\\]|\\.)*"|\\.|(?<=^|\s)#.*/g, '');
  return open.includes("'") && !open.slice(0, open.indexOf("'")).includes('"');
}

/** What `sh -c` is to run, with the values as variables: `variablesOf`, and MQI_INPUTS and MQI_TOKEN, which the job script knows. */
export function shellCommand(template: CommandTemplate, quote: (text: string) => string): string {
  return typeof template === 'string'
    ? fill(template, (text) => text, anywhere)
    : `exec ${template.map((argument) => fill(argument, quote, (name) => `"$${variable(name)}"`) || "''").join(' ')}`;
}

/**
 * One word outside of double quotes, and the bare value inside of them and in a here-document: so nobody has to know
 * where it stands. (dash, bash, busybox, mksh, zsh)
 */
function anywhere(name: Placeholder): string {
  return `\${${variable(name)}+"$${variable(name)}"}`;
}

export function variablesOf(values: {
  readonly case: string;
  readonly slot: string;
  readonly attempt: number;
}): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (['case', 'slot', 'attempt'] as const).map((name) => [variable(name), String(values[name])]),
  );
}

function variable(name: Placeholder): string {
  return `MQI_${name.toUpperCase()}`;
}

function fill(template: string, text: (text: string) => string, value: (name: Placeholder) => string): string {
  return pieces(template)
    .map((piece) => {
      if (piece.kind === 'text') return text(piece.text);
      if (piece.kind === 'placeholder' && isPlaceholder(piece.name)) return value(piece.name);
      throw new Error(`a command that the configuration should have refused: ${template}`);
    })
    .join('');
}

function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}
