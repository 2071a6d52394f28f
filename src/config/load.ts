import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config } from './config.ts';
import { readDocument, type ConfigDocument } from './document.ts';
import { EMBEDDED } from './embedded.ts';
import { explain } from './explain.ts';
import { checkFolders } from './folder-rules.ts';
import { layer, type Layers } from './layers.ts';
import { childOf, isMap, type Path } from './outline.ts';
import { describeValue, SCHEMA_NEXT, type Problem } from './problem.ts';
import { resolveConfig } from './resolve.ts';
import { configSchema } from './schema.ts';
import { checkHosts } from './host-rules.ts';
import { checkSinks } from './sink-rules.ts';
import { readOverrides, readVariables, type Overrides } from './variables.ts';

export interface LoadRequest {
  /** `--config`: wins over `MQI_CONFIG`, which wins over mqi.yaml or mqi.yml in `cwd`. */
  readonly file?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Flags: the strongest. Values by dotted key, as text. */
  readonly overrides?: Overrides;
}

export type LoadOutcome =
  | {
      readonly kind: 'loaded';
      readonly config: Config;
      /** Where the value of a key of the file came from; null: a default. */
      readonly origin: (path: Path) => string | null;
    }
  /** All of them, in the order of the file. The exit code for it is `CONFIG_EXIT_CODE`. */
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** File → variables → flags. Reads one file and touches nothing; never throws for what a user wrote. */
export function loadConfig(request: LoadRequest): LoadOutcome {
  const variables = readVariables(request.environment, request.cwd);
  const opened = openFile(request);
  if (opened.kind === 'invalid') return invalid([...variables.problems, ...opened.problems]);

  const file = opened.file;
  const directory = file === null ? resolve(request.cwd) : dirname(file.absolute);
  const settings = [...variables.settings, ...readOverrides(request.overrides ?? {}, request.cwd)];
  const layers = layer(file, file === null ? EMBEDDED : file.document.value, settings);
  const parsed = configSchema.safeParse(layers.raw);
  const problems = [
    ...variables.problems,
    ...(parsed.success ? [] : explain(parsed.error.issues, layers)),
    ...checkHosts(layers),
    ...checkSinks(layers),
    ...checkFolders(layers, directory),
  ];
  if (!parsed.success || problems.length > 0) return invalid(problems);

  const config = resolveConfig(parsed.data, {
    file: file?.absolute ?? null,
    directory,
    hostOrder: hostOrder(layers),
  });
  return { kind: 'loaded', config, origin: (path) => layers.origin(path) };
}

interface ConfigFile {
  /** As errors call it. */
  readonly name: string;
  readonly absolute: string;
  readonly document: ConfigDocument;
}

type Opened =
  | { readonly kind: 'opened'; readonly file: ConfigFile | null }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

function openFile(request: LoadRequest): Opened {
  const fromVariable = request.environment['MQI_CONFIG'];
  const named = request.file ?? (fromVariable === '' ? undefined : fromVariable);
  const lying = ['mqi.yaml', 'mqi.yml'].filter((name) => existsSync(resolve(request.cwd, name)));
  if (named === undefined && lying.length > 1) {
    return unusable('mqi.yaml', 'mqi.yml beside it', 'one of them, or --config to choose', 'mqi config check mqi.yaml');
  }
  const name = named ?? lying[0];
  if (name === undefined) return { kind: 'opened', file: null };

  const absolute = resolve(request.cwd, name);
  const read = readText(absolute);
  if ('complaint' in read) return unusable(name, read.complaint, 'a readable YAML file', `mqi config init ${name}`);
  const document = readDocument(read.text, name);
  if (document.problems.length > 0) return { kind: 'invalid', problems: document.problems };
  if (!isMap(document.value)) {
    const found = document.value === null ? 'an empty file' : describeValue(document.value);
    return unusable(name, found, 'a map of keys such as watch, results, job and hosts', SCHEMA_NEXT);
  }
  return { kind: 'opened', file: { name, absolute, document } };
}

/** No configuration is longer; a device or a log named by mistake is. */
const LARGEST_BYTES = 1_048_576;

function readText(file: string): { readonly text: string } | { readonly complaint: string } {
  try {
    const { size } = statSync(file);
    if (size > LARGEST_BYTES) return { complaint: `a file of ${size} bytes` };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)) };
  } catch (error) {
    return { complaint: sayReadError(error) };
  }
}

function sayReadError(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'a file that this user may not read';
  if (code === 'EISDIR') return 'a folder';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'bytes that are not UTF-8';
  return `a file that cannot be read (${error instanceof Error ? error.message : code})`;
}

function unusable(where: string, found: string, expected: string, next: string): Opened {
  return { kind: 'invalid', problems: [{ where, order: 0, key: null, found, expected, suggestion: null, next }] };
}

/** JavaScript puts keys such as `2` before all others; the file's own order is what the user meant. */
function hostOrder(layers: Layers): readonly string[] {
  const hosts = childOf(layers.raw, 'hosts');
  return Object.keys(isMap(hosts) ? hosts : {})
    .map((name) => ({ name, order: layers.place(['hosts', name], 'key').order }))
    .sort((a, b) => a.order - b.order)
    .map(({ name }) => name);
}

function invalid(problems: readonly Problem[]): LoadOutcome {
  return { kind: 'invalid', problems: [...problems].sort((a, b) => a.order - b.order) };
}
