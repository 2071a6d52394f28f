/** What is wrong with a configuration. An expected failure: data, listed all at once, never thrown. */
export interface Problem {
  /** `mqi.yaml:3:12`, `MQI_JOB_LIMIT`, `--job-limit`, or the file alone. */
  readonly where: string;
  /** Problems are listed by this: the place in the file. */
  readonly order: number;
  /** `watch.quiet_period`; null when it concerns no key. */
  readonly key: string | null;
  readonly found: string;
  readonly expected: string;
  /** What was probably meant. */
  readonly suggestion: string | null;
  /** The next command to type. */
  readonly next: string;
}

/** `EX_CONFIG` of sysexits.h: systemd and scripts can tell it from a crash. */
export const CONFIG_EXIT_CODE = 78;

export const SCHEMA_NEXT = 'mqi config schema --markdown';

/** For problems that no key of the schema explains. */
export function checkNext(file: string | null): string {
  if (file === null) return 'mqi config check';
  return `mqi config check ${/^[\w./~-]+$/.test(file) ? file : `'${file.replaceAll("'", String.raw`'\''`)}'`}`;
}

/** A line a problem, then the commands to type next; ends in a newline. */
export function formatProblems(problems: readonly Problem[]): string {
  const lines = problems.map(formatProblem);
  const nexts = [...new Set(problems.map(({ next }) => next))].map((next) => `next: ${next}`);
  return [...lines, ...nexts].map((line) => `${line}\n`).join('');
}

export function formatProblem(problem: Problem): string {
  const { where, key, found, expected, suggestion } = problem;
  const meant = suggestion === null ? '' : `. Did you mean ${suggestion}?`;
  return `${where}: ${key === null ? '' : `${key}: `}found ${found}, expected ${expected}${meant}`;
}

/** `hosts.gpu1.slots[0].name` */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${printable(step)}`))
    .join('');
}

/** A key is whatever somebody typed: control characters must not reach a terminal. */
function printable(key: string): string {
  return /^[\w.*-]+$/.test(key) ? key : JSON.stringify(cut(key));
}

/** A value as an error names it; long ones are cut. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return value === '' ? 'an empty text' : JSON.stringify(cut(value));
  if (typeof value === 'number') return `the number ${value}`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  return value === true ? 'true' : value === false ? 'false' : `a ${typeof value}`;
}

function cut(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
