import type { ConfigDocument } from './document.ts';
import { childOf, isMap, outlineAt, type Path } from './outline.ts';
import type { Setting } from './variables.ts';

/** File, then variables, then flags, laid over each other; each value still knows where it came from. */
export interface Layers {
  readonly raw: unknown;
  /** The file as errors call it; null: there is none. */
  readonly file: string | null;
  /** Where a problem with the value (or the key) at `path` is to be looked for. */
  place(path: Path, of: 'key' | 'value'): { readonly where: string; readonly order: number };
  /** `mqi.yaml:3:12`, `MQI_RESULTS`, …; null: a default. */
  origin(path: Path): string | null;
  /** The text of a scalar as it was typed. */
  source(path: Path): string | null;
}

/** `document` null: there is no file, `base` is built in. Later settings win. */
export function layer(
  file: { readonly name: string; readonly document: ConfigDocument } | null,
  base: unknown,
  settings: readonly Setting[],
): Layers {
  const raw = settings.reduce(set, withoutEmptySections(base));
  const settingAt = (path: Path): Setting | undefined =>
    settings.findLast((setting) => setting.path.every((step, at) => path[at] === step));
  return {
    raw,
    file: file?.name ?? null,
    place: (path, of) => {
      const setting = settingAt(path);
      if (setting !== undefined) return { where: setting.where, order: -1 };
      if (file === null) return { where: 'built-in defaults', order: 0 };
      const { line, column } = file.document.position(path, of);
      // a column is less than this in any line that a person wrote
      return { where: `${file.name}:${line}:${column}`, order: line * 100_000 + column };
    },
    origin: (path) => {
      const setting = settingAt(path);
      if (setting !== undefined) return setting.where;
      if (file?.document.has(path) !== true) return null;
      const { line, column } = file.document.position(path, 'value');
      return `${file.name}:${line}:${column}`;
    },
    source: (path) => (settingAt(path) === undefined ? (file?.document.source(path) ?? null) : null),
  };
}

/** `log:` with all its keys commented out is YAML for nothing, and means the defaults. */
function withoutEmptySections(base: unknown): unknown {
  if (!isMap(base)) return base;
  const isEmptySection = (name: string): boolean =>
    base[name] === null && outlineAt([name], base)?.properties !== undefined;
  return Object.fromEntries(Object.entries(base).filter(([name]) => !isEmptySection(name)));
}

/** A section that is no map stays as it is: that is a problem of its own. */
function set(value: unknown, setting: { readonly path: Path; readonly value: unknown }): unknown {
  const [step, ...rest] = setting.path;
  if (step === undefined) return setting.value;
  if (value !== undefined && !isMap(value)) return value;
  return { ...value, [step]: set(childOf(value, step), { path: rest, value: setting.value }) };
}
