import { allKeys, outline, type Key } from './outline.ts';
import { TEMPLATE } from './template.ts';
import { singles } from './variables.ts';

/** docs/configuration.md as a whole, made from the schema so that it cannot fall behind it. */
export function configurationMarkdown(): string {
  const sections = Object.entries(outline().properties ?? {}).map(([name, node]) => {
    const keys = allKeys().filter(({ path }) => path[0] === name);
    const inner = keys.filter(({ path }) => path.length > 1);
    const rows = inner.length === 0 ? keys : inner;
    return `## \`${name}\`\n\n${inner.length === 0 ? '' : `${node.description ?? ''}\n\n`}${table(rows)}`;
  });
  return [INTRODUCTION, ...sections, VARIABLES, variableTable()].join('\n');
}

const INTRODUCTION = `# Configuration

<!-- Made by \`mqi config schema --markdown > docs/configuration.md\`; change src/config/*-schema.ts instead. -->

One YAML file. \`--config FILE\` names it, else \`MQI_CONFIG\`, else it is \`mqi.yaml\` (or \`mqi.yml\`) in the working
directory. Without any, built-in defaults run everything on this machine, below the working directory.

| command | what it does |
| --- | --- |
| \`mqi config init [FILE]\` | writes a file to begin with; never overwrites one |
| \`mqi config check [FILE]\` | names all problems at once, with line, column and what was probably meant; exit code 78 |
| \`mqi config show [FILE]\` | everything that is in force, defaults too, and where it came from; \`--json\` |
| \`mqi config schema\` | a JSON Schema for editors; \`--markdown\` makes this page |

Durations are written as people write them: \`500ms\`, \`30s\`, \`10m\`, \`24h\`, \`7d\`, \`1h30m\`; a number without a unit is
refused. Local paths are absolute, below \`~/\`, or relative to the file's folder. Paths on a host are passed on as written.
The watched folder, the results, the database and the root of a local host must lie apart from each other.

What \`mqi config init\` writes:

\`\`\`yaml
${TEMPLATE}\`\`\`
`;

const VARIABLES = `## Environment variables

Each sets one value over the file; a flag wins over both. An empty one counts as not set; relative paths are relative to
the working directory. An \`MQI_\` variable that is none of these is an error, except \`MQI_CONFIG\` and the ones that the
program itself uses (\`MQI_DEBUG\`, \`MQI_TOKEN\`, \`MQI_FAILPOINTS\`, \`MQI_LAB*\`, \`MQI_INCIDENT_*\`, \`MQI_EPISODE_*\`).
`;

function table(keys: readonly Key[]): string {
  const rows = [...grouped(keys).values()].map(
    (same) => `| \`${label(same[0]!)}\` | ${cell(meaning(same))} | ${cell(defaultOf(same[0]!))} |`,
  );
  return ['| key | what it is | default |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

/** A key that several types have (`type` itself) is one row. */
function grouped(keys: readonly Key[]): ReadonlyMap<string, readonly Key[]> {
  const groups = new Map<string, readonly Key[]>();
  for (const key of keys) groups.set(label(key), [...(groups.get(label(key)) ?? []), key]);
  return groups;
}

function label({ path }: Key): string {
  return path.join('.').replaceAll('.[]', '[]').replaceAll('*', 'NAME');
}

function meaning(keys: readonly Key[]): string {
  const [first] = keys as [Key];
  if (first.path.at(-1) === 'type') {
    return keys.map(({ node }) => `\`${String(node.const)}\`: ${node.description ?? ''}`).join(' ');
  }
  const { node } = first;
  // a key that several types have is none of a type
  const only = first.of === null || keys.length > 1 ? '' : `With \`type: ${first.of}\`. `;
  const kind = node.expected ?? (node.enum === undefined ? null : `one of ${node.enum.join(', ')}`);
  const example = node.examples?.[0];
  // "a map such as …" and "a duration such as …" are examples themselves
  const shown = example === undefined || kind?.includes('such as') === true ? '' : `, such as \`${inline(example)}\``;
  return `${only}${node.description ?? ''}${kind === null ? '' : ` *${capital(kind)}${shown}.*`}`;
}

function defaultOf({ path, node, required, of }: Key): string {
  if (required) return path.at(-1) === 'type' ? '' : of === null ? 'required' : `required by \`${of}\``;
  return node.default === undefined || isEmptyMap(node.default) ? '' : `\`${inline(node.default)}\``;
}

function isEmptyMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** A value as one line of YAML. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([name, child]) => `${name}: ${inline(child)}`)
      .join(', ')} }`;
  }
  const text = String(value);
  return typeof value === 'string' && !/^[A-Za-z./][\w./ -]*$/.test(text) && !/^\d+[a-z]+$/.test(text)
    ? JSON.stringify(text)
    : text;
}

function cell(text: string): string {
  return text.trim().replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function variableTable(): string {
  const rows = singles().map(({ variable, path }) => `| \`${variable}\` | \`${path.join('.')}\` |`);
  return ['| variable | key |', '| --- | --- |', ...rows, ''].join('\n');
}
