import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml';
import { PLACEHOLDERS } from './command.ts';
import type { Path } from './outline.ts';
import { checkNext, type Problem } from './problem.ts';

/** One YAML file: what it says as data, and where it says it. */
export interface ConfigDocument {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Where the value at `path` stands, or where its key does; of what is not there, the nearest that holds it. */
  position(path: Path, of: 'key' | 'value'): Position;
  /** Is there something at `path`? */
  has(path: Path): boolean;
  /** A scalar as it was typed: `1.10`, not 1.1. */
  source(path: Path): string | null;
}

/** Both count from 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** `name` is what errors call the file. Never throws. */
export function readDocument(yaml: string, name: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const toProblem = (complaint: Complaint): Problem => {
    const { line, column } = at(complaint.offset);
    return {
      suggestion: null,
      ...complaint,
      where: `${name}:${line}:${column}`,
      key: null,
      order: complaint.offset,
      next: checkNext(name),
    };
  };
  const complaints = [...document.errors, ...document.warnings].map(({ code, message, pos }) =>
    sayError(code, message, pos[0], yaml),
  );
  complaints.push(...unknownAliases(document));
  const { value, complaint } = complaints.length > 0 ? { value: null, complaint: null } : dataOf(document);
  if (complaint !== null) complaints.push(complaint);
  return {
    value,
    problems: complaints.map(toProblem),
    position: (path, of) => at(offsetOf(document, path, of)),
    has: (path) => follow(document, path).length === path.length + 1,
    source: (path) => {
      const steps = follow(document, path);
      const node = steps.length === path.length + 1 ? steps.at(-1)?.value : null;
      return isScalar(node) ? (node.source ?? null) : null;
    },
  };
}

interface Complaint {
  readonly offset: number;
  readonly found: string;
  readonly expected: string;
  readonly suggestion?: string;
}

/** The words of the parser are for programmers; the common slips get an explanation. */
function sayError(code: string, message: string, offset: number, yaml: string): Complaint {
  switch (code) {
    case 'DUPLICATE_KEY':
      return {
        offset,
        found: `the key ${/^[\w.-]*/.exec(yaml.slice(offset))![0]} a second time`,
        expected: 'each key once',
      };
    case 'TAB_AS_INDENT':
      return { offset, found: 'a tab', expected: 'spaces: YAML does not indent by tabs' };
    case 'MULTIPLE_DOCS':
      return { offset, found: 'a second document', expected: 'one document in the file' };
    default: {
      const line = yaml.slice(yaml.lastIndexOf('\n', offset - 1) + 1).split('\n')[0] ?? '';
      const isPlaceholder = PLACEHOLDERS.some((name) => line.includes(`{${name}}`));
      return {
        offset,
        found: `YAML that cannot be read: ${message.charAt(0).toLowerCase()}${message.slice(1)}`,
        expected: isPlaceholder ? 'quotes around text that begins with {' : 'YAML',
      };
    }
  }
}

/** `collect: [*.log]`: to YAML a word that begins with `*` refers to something. The parser says so without a place. */
function unknownAliases(document: Document.Parsed): readonly Complaint[] {
  const complaints: Complaint[] = [];
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return;
      const found = `*${alias.source}, which refers to nothing`;
      const suggestion = JSON.stringify(`*${alias.source}`);
      complaints.push({
        offset: alias.range?.[0] ?? 0,
        found,
        expected: 'quotes around text that begins with *',
        suggestion,
      });
    },
  });
  return complaints;
}

/** An alias bomb is only noticed when the data is made. */
function dataOf(document: Document.Parsed): { readonly value: unknown; readonly complaint: Complaint | null } {
  try {
    return { value: document.toJS(), complaint: null };
  } catch (error) {
    const said = error instanceof Error ? error.message : 'unknown';
    return { value: null, complaint: { offset: 0, found: `YAML that cannot be used: ${said}`, expected: 'YAML' } };
  }
}

interface Step {
  readonly keyOffset: number;
  readonly value: Node | null;
}

function offsetOf(document: Document.Parsed, path: Path, of: 'key' | 'value'): number {
  const steps = follow(document, path);
  const reached = steps.at(-1);
  if (reached === undefined) return 0;
  const whole = steps.length === path.length + 1;
  // of something that is missing, the key that should hold it says more than the first line of its value
  return of === 'value' && whole ? (reached.value?.range?.[0] ?? reached.keyOffset) : reached.keyOffset;
}

/** The nodes along `path`, as far as it goes; the first is the whole document. */
function follow(document: Document.Parsed, path: Path): readonly Step[] {
  const root = resolved(document, document.contents);
  const steps: Step[] = [{ keyOffset: root?.range?.[0] ?? 0, value: root }];
  for (const name of path) {
    const next = below(document, steps.at(-1)?.value ?? null, name);
    if (next === null) break;
    steps.push(next);
  }
  return steps;
}

function below(document: Document.Parsed, node: Node | null, name: string | number): Step | null {
  if (isSeq(node)) {
    const item = node.items[Number(name)] as Node | undefined;
    return item === undefined ? null : { keyOffset: item.range?.[0] ?? 0, value: resolved(document, item) };
  }
  if (!isMap(node)) return null;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(name));
  if (pair === undefined) return null;
  const key = pair.key as Node;
  return { keyOffset: key.range?.[0] ?? 0, value: resolved(document, pair.value as Node | null) };
}

function resolved(document: Document.Parsed, node: Node | null): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}
