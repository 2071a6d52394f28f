import { resolve } from 'node:path';
import { allKeys, formsOf, isScalar, type Outline, type Path } from './outline.ts';
import { nearest } from './nearest.ts';
import { SCHEMA_NEXT, type Problem } from './problem.ts';

/** A key that holds one value, below no name that the user chose (of a host, of a sink), with its names outside of the file. */
export interface Single {
  readonly path: readonly string[];
  /** `MQI_WATCH_QUIET_PERIOD` */
  readonly variable: string;
  /** `--watch-quiet-period` */
  readonly flag: string;
  readonly node: Outline;
}

/** One value that a variable or a flag sets over the file. */
export interface Setting {
  readonly path: Path;
  readonly value: unknown;
  /** The variable or the flag. */
  readonly where: string;
}

/** Values by dotted key, `{ 'watch.path': './cases' }`, as text. */
export type Overrides = Readonly<Record<string, string>>;

/** These mean something else: the file itself, stack traces, our tests, and what jobs and sinks find in their environment. */
const RESERVED = new Set(['MQI_CONFIG', 'MQI_DEBUG', 'MQI_FAILPOINTS', 'MQI_TOKEN', 'MQI_LAB']);

export function singles(): readonly Single[] {
  return allKeys()
    .filter(({ path, node }) => !path.includes('*') && !path.includes('[]') && isScalar(node))
    .map(({ path, node }) => ({
      path,
      variable: `MQI_${path.join('_').toUpperCase()}`,
      flag: `--${path.join('-').replaceAll('_', '-')}`,
      node,
    }));
}

/** An empty variable counts as not set, as for most programs: that is all that some supervisors can do. */
export function readVariables(
  environment: Readonly<Record<string, string | undefined>>,
  cwd: string,
): { readonly settings: readonly Setting[]; readonly problems: readonly Problem[] } {
  const known = new Map(singles().map((single) => [single.variable, single]));
  const settings: Setting[] = [];
  const problems: Problem[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || text === '' || !variable.startsWith('MQI_')) continue;
    if (RESERVED.has(variable) || /^MQI_(LAB|INCIDENT)_/.test(variable)) continue;
    const single = known.get(variable);
    if (single === undefined) problems.push(unknownVariable(variable, [...known.keys()]));
    else settings.push({ path: single.path, value: typed(text, single.node, cwd), where: variable });
  }
  return { settings, problems };
}

/** Throws for a key that is none: only our own command line fills this. */
export function readOverrides(overrides: Overrides, cwd: string): readonly Setting[] {
  return Object.entries(overrides).map(([key, text]) => {
    const single = singles().find(({ path }) => path.join('.') === key);
    if (single === undefined) throw new Error(`an override of ${key}, which is no single value of the configuration`);
    return { path: single.path, value: typed(text, single.node, cwd), where: single.flag };
  });
}

/** The text as YAML would have typed it. A path is meant from where the command is typed, not from the file's folder. */
function typed(text: string, node: Outline, cwd: string): unknown {
  if (node.kind === 'path') return text.startsWith('~') ? text : resolve(cwd, text);
  const isNumber = formsOf(node).some(({ type }) => type === 'integer' || type === 'number');
  return isNumber && /^-?\d+$/.test(text) ? Number(text) : text;
}

function unknownVariable(variable: string, known: readonly string[]): Problem {
  return {
    where: variable,
    order: -1,
    key: null,
    found: 'a variable that is not known',
    expected: `one of ${[...known, 'MQI_CONFIG'].join(', ')}`,
    suggestion: nearest(variable, [...known, 'MQI_CONFIG']),
    next: SCHEMA_NEXT,
  };
}
