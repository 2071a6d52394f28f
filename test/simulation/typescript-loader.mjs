// Turns TypeScript into JavaScript while it is loaded: the sources have no syntax that needs more than leaving types out.
// A URL with `?mutant=PATCHES` (mutant.ts) loads the project anew with these patches, all it imports included.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url).href;
const cache = fileURLToPath(new URL('../../node_modules/.cache/simulation/', import.meta.url));
mkdirSync(cache, { recursive: true });

const isOurs = (url) => url.startsWith(root) && !url.includes('/node_modules/');

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  const mutant = context.parentURL === undefined ? null : new URL(context.parentURL).searchParams.get('mutant');
  if (mutant === null || !isOurs(resolved.url)) return resolved;
  const url = new URL(resolved.url);
  url.searchParams.set('mutant', mutant);
  return { ...resolved, url: url.href };
}

export async function load(url, context, next) {
  const { href, searchParams } = new URL(url);
  const file = href.split('?')[0];
  if (!file.endsWith('.ts') || !isOurs(url)) return next(url, context);
  const patches = JSON.parse(searchParams.get('mutant') ?? '[]').filter((patch) => `${root}${patch.file}` === file);
  const source = patches.reduce(patched, readFileSync(fileURLToPath(file), 'utf8'));
  return { format: 'module', shortCircuit: true, source: await javascriptOf(source) };
}

/** A mutant that no longer fits the source would prove nothing. */
function patched(source, { file, find, replace }) {
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`the mutant's place in ${file} was found ${places} times: ${find}`);
  return source.replace(find, () => replace);
}

/** TypeScript itself is loaded only when a source has changed. */
async function javascriptOf(source) {
  const name = createHash('sha256').update(source).digest('hex');
  const file = `${cache}${name}.js`;
  try {
    return readFileSync(file, 'utf8');
  } catch {
    const { default: ts } = await import('typescript');
    const compilerOptions = {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
    };
    const { outputText } = ts.transpileModule(source, { compilerOptions });
    writeFileSync(file, outputText);
    return outputText;
  }
}
