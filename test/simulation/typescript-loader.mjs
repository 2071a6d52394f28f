// Turns TypeScript into JavaScript while it is loaded: the sources have no syntax that needs more than leaving types out.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

const cache = fileURLToPath(new URL('../../node_modules/.cache/simulation/', import.meta.url));
mkdirSync(cache, { recursive: true });

export async function load(url, context, next) {
  if (!url.endsWith('.ts') || url.includes('/node_modules/')) return next(url, context);
  const source = readFileSync(fileURLToPath(url), 'utf8');
  return { format: 'module', shortCircuit: true, source: javascriptOf(source) };
}

function javascriptOf(source) {
  const file = `${cache}${createHash('sha256').update(`${ts.version}\n${source}`).digest('hex')}.js`;
  try {
    return readFileSync(file, 'utf8');
  } catch {
    const compilerOptions = {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
      sourceMap: false,
    };
    const { outputText } = ts.transpileModule(source, { compilerOptions });
    writeFileSync(file, outputText);
    return outputText;
  }
}
