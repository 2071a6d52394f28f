import { parse } from 'yaml';
import type * as z from 'zod';
import type { Layers } from './layers.ts';
import { nearest } from './nearest.ts';
import { allKeys, childOf, formsOf, keysOf, outlineAt, type Outline, type Path } from './outline.ts';
import { describeValue, formatPath, SCHEMA_NEXT, type Problem } from './problem.ts';
import { PLANNED_SCHEDULERS } from './scheduler-schema.ts';
import { configSchema } from './schema.ts';
import { suggestValue } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** What zod found, in words: where, what is there, what belongs there, what was probably meant. */
export function explain(issues: readonly Issue[], layers: Layers): readonly Problem[] {
  return issues
    .flatMap((issue) => flatten(issue, []))
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownKey(pathOf(issue), key, layers))
        : [wrongValue(issue, layers)],
    );
}

/** Of a value with several forms, the issues of the form that was meant: the one whose kind of value is there. */
function flatten(issue: Issue, parent: Path): readonly Issue[] {
  const path = [...parent, ...pathOf(issue)];
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((form) => !form.some((inner) => isWrongKind(inner)));
    if (meant !== undefined) return meant.flatMap((inner) => flatten(inner, path));
  }
  return [{ ...issue, path: [...path] }];
}

function isWrongKind(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_union');
}

function wrongValue(issue: Issue, layers: Layers): Problem {
  const path = pathOf(issue);
  const value = valueAt(layers.raw, path);
  const node = outlineAt(path, layers.raw);
  const said = issue.code === 'custom' ? issue.params : undefined;
  const planned = path.at(-2) === 'scheduler' && typeof value === 'string' ? PLANNED_SCHEDULERS[value] : undefined;
  const choices = issue.code === 'invalid_union' ? (optionsOf(path, layers.raw) ?? []) : (node?.enum ?? []).map(String);
  return {
    ...layers.place(path, value === undefined ? 'key' : 'value'),
    key: formatPath(path),
    found: typeof said?.['found'] === 'string' ? said['found'] : describeValue(value),
    expected: planned ?? (issue.code === 'custom' ? issue.message : expectedWords(node, choices)),
    suggestion:
      typeof said?.['suggestion'] === 'string'
        ? said['suggestion']
        : planned !== undefined
          ? null
          : parsing(suggestValue(value, node, choices, layers.source(path)), path, layers.raw),
    next: SCHEMA_NEXT,
  };
}

/** A suggestion that would be refused as well (out of bounds, mostly) is none. */
function parsing(suggestion: string | null, path: Path, raw: unknown): string | null {
  if (suggestion === null) return null;
  const { error } = configSchema.safeParse(replaced(raw, path, parse(suggestion)));
  const isRefused = (error?.issues ?? [])
    .flatMap((issue) => flatten(issue, []))
    .some((issue) => path.every((step, at) => issue.path[at] === step));
  return isRefused ? null : suggestion;
}

function replaced(holder: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value;
  const inner = replaced(childOf(holder, step), rest, value);
  return Array.isArray(holder)
    ? holder.map((item: unknown, at) => (at === step ? inner : item))
    : { ...(holder as object), [step]: inner };
}

function unknownKey(parent: Path, key: string, layers: Layers): Problem {
  const node = outlineAt(parent, layers.raw);
  const keys = node === null ? [] : keysOf(node, valueAt(layers.raw, parent));
  return {
    ...layers.place([...parent, key], 'key'),
    key: formatPath([...parent, key]),
    found: 'a key that is not known here',
    expected: keys.length === 0 ? 'no such key' : `one of ${keys.join(', ')}`,
    suggestion: nearest(key, keys) ?? elsewhere(key),
    next: SCHEMA_NEXT,
  };
}

/** `quiet_period` at the top: the right key in the wrong place. */
function elsewhere(key: string): string | null {
  const found = allKeys().find(({ path }) => path.at(-1) === key);
  return found === undefined ? null : found.path.join('.').replaceAll('.[]', '[]').replace('*', 'NAME');
}

/** The words of a discriminator: zod looks at `type` alone, so the forms of its parent hold them. */
function optionsOf(path: Path, root: unknown): readonly string[] | null {
  const parent = outlineAt(path.slice(0, -1), root);
  return parent === null
    ? null
    : formsOf(parent).flatMap((form) => {
        const word = form.properties?.[String(path.at(-1))]?.const;
        return typeof word === 'string' ? [word] : [];
      });
}

function expectedWords(node: Outline | null, choices: readonly string[]): string {
  if (choices.length > 0) return `one of ${choices.join(', ')}`;
  return node?.expected ?? node?.type ?? 'another value';
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(childOf, root);
}

function pathOf(issue: Issue): (string | number)[] {
  return issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
}
