import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { configurationMarkdown } from '../../src/config/markdown.ts';
import { allKeys, schemaJson } from '../../src/config/outline.ts';
import { formatPath, formatProblem } from '../../src/config/problem.ts';
import { TEMPLATE } from '../../src/config/template.ts';
import { configOf, EVERYTHING, loadText, problemsOf } from './load-text.ts';

test('docs/configuration.md is what the schema says: mqi config schema --markdown > docs/configuration.md', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  expect(page).toBe(configurationMarkdown());
});

test('every key is described', () => {
  const silent = allKeys().filter(({ node }) => (node.description ?? '').length < 10);
  expect(silent.map(({ path }) => path.join('.'))).toEqual([]);
});

test('every example of the schema is a value that the schema takes', () => {
  const examples = allKeys().flatMap(({ path, node }) =>
    (node.examples ?? []).map((example) => ({
      example,
      path: path.map((step) => (step === '*' ? 'there' : step === '[]' ? 0 : step)),
    })),
  );
  expect(examples.length).toBeGreaterThan(20);
  for (const { path, example } of examples) {
    const document = parseDocument(EVERYTHING);
    document.setIn(path, example);
    const complaints = problemsOf(loadText(String(document))).filter(
      ({ key }) => key?.startsWith(formatPath(path)) === true,
    );
    expect([path, complaints.map(formatProblem)]).toEqual([path, []]);
  }
});

test('the JSON Schema holds no notes of our own, which strict validators refuse', () => {
  const schema = JSON.parse(schemaJson()) as { properties: object };
  expect(Object.keys(schema.properties)).toEqual([
    'watch',
    'results',
    'database',
    'job',
    'hosts',
    'web',
    'notify',
    'keep',
    'log',
  ]);
  expect(schemaJson()).not.toMatch(/"(expected|kind)":/);
});

test('what init writes loads, to the built-in defaults', () => {
  const elsewhere = (yaml: string | null): unknown => {
    const outcome = loadText(yaml);
    return JSON.parse(JSON.stringify({ ...configOf(outcome), file: null }).replaceAll(outcome.cwd, '/here'));
  };
  expect(elsewhere(TEMPLATE)).toEqual(elsewhere(null));
});

test('what init writes loads with all its commented lines in force', () => {
  // a comment line of two words after `# ` is prose; keys and list items are settings
  const yaml = TEMPLATE.replaceAll(/^( *)# ((?: *[a-z_0-9]+:(?: |$)| *- ).*)$/gm, '$1$2')
    .replace('  command: sh {inputs}/run.sh\n', '')
    .replaceAll(/^ {4}(gpu1:)/gm, '  $1');
  const config = configOf(loadText(yaml));
  expect(config.hosts.map(({ name, transport, scheduler }) => [name, transport.type, scheduler.type])).toEqual([
    ['local', 'local', 'direct'],
    ['gpu1', 'ssh', 'pueue'],
  ]);
  expect(config).toMatchObject({
    watch: { readyMarker: 'READY', depth: 2 },
    job: { command: ['moqui', '{inputs}/moqui_tps.in'] },
  });
});
