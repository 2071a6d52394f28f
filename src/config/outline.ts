import * as z from 'zod';
import { configSchema } from './schema.ts';

/**
 * The schema as data: JSON Schema of what may be written, with the notes of `field.ts` in it. Keys, names of variables,
 * documentation and the words of errors are read from here.
 */
export interface Outline {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Outline>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Outline;
  readonly items?: Outline;
  readonly anyOf?: readonly Outline[];
  readonly oneOf?: readonly Outline[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly expected?: string;
  readonly kind?: 'duration' | 'path';
}

export type Path = readonly (string | number)[];

let made: Outline | null = null;

/** Made once: the schema does not change, and this is a few milliseconds of every command. */
export function outline(): Outline {
  made ??= z.toJSONSchema(configSchema, { io: 'input' }) as unknown as Outline;
  return made;
}

/** For editors: plain JSON Schema, without our own notes, which strict validators refuse. */
export function schemaJson(): string {
  const isNote = (key: string, value: unknown): boolean =>
    (key === 'expected' || key === 'kind') && typeof value === 'string';
  return `${JSON.stringify(outline(), (key, value: unknown) => (isNote(key, value) ? undefined : value), 2)}\n`;
}

/** What the schema says of the value at `path`; `root` chooses between forms (a list or a string, ssh or local). */
export function outlineAt(path: Path, root: unknown): Outline | null {
  let node: Outline | null = chooseForm(outline(), root);
  let value = root;
  for (const [depth, step] of path.entries()) {
    if (node === null) return null;
    value = childOf(value, step);
    const child: Outline | null = nodeBelow(node, step);
    // the last node keeps its own words ("a list or a string"); on the way one form has to be followed
    node = child === null || depth === path.length - 1 ? child : chooseForm(child, value);
  }
  return node;
}

export function keysOf(node: Outline, value: unknown): readonly string[] {
  return Object.keys(chooseForm(node, value).properties ?? {});
}

export interface Key {
  readonly path: readonly string[];
  readonly node: Outline;
  readonly required: boolean;
  /** The `type` that has this key, where it depends on one: `ssh`. */
  readonly of: string | null;
}

/** Every key of the schema, in its order; a name the user chooses is `*`, an item of a list `[]`. */
export function allKeys(node: Outline = outline(), path: readonly string[] = []): readonly Key[] {
  const forms = formsOf(node);
  const own = forms.flatMap((form) =>
    Object.entries(form.properties ?? {}).flatMap(([name, child]) => {
      const type = form.properties?.['type']?.const;
      const key: Key = {
        path: [...path, name],
        node: child,
        required: form.required?.includes(name) === true,
        of: forms.length > 1 && typeof type === 'string' ? type : null,
      };
      return [key, ...allKeys(child, key.path)];
    }),
  );
  const named = forms.flatMap((form) =>
    typeof form.additionalProperties === 'object' ? allKeys(form.additionalProperties, [...path, '*']) : [],
  );
  const items = forms.flatMap((form) => (form.items === undefined ? [] : allKeys(form.items, [...path, '[]'])));
  return [...own, ...named, ...items];
}

export function formsOf(node: Outline): readonly Outline[] {
  return node.oneOf ?? node.anyOf ?? [node];
}

export function isScalar(node: Outline): boolean {
  return formsOf(node).some((form) => form.type !== 'object' && form.type !== 'array');
}

export function childOf(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return (value as readonly unknown[])[Number(step)];
  return isMap(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nodeBelow(node: Outline, step: string | number): Outline | null {
  if (typeof step === 'number') return node.items ?? null;
  if (node.properties !== undefined && Object.hasOwn(node.properties, step)) return node.properties[step] ?? null;
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : null;
}

function chooseForm(node: Outline, value: unknown): Outline {
  const forms = formsOf(node);
  const fitting = forms.filter((form) => form.type === typeOf(value));
  const byType = fitting.find((form) => form.properties?.['type']?.const === childOf(value, 'type'));
  return byType ?? fitting[0] ?? node;
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return isMap(value) ? 'object' : typeof value;
}
