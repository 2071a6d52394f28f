// `npm run build`: the program as few files, with the libraries it needs, because a start that reads six hundred files
// takes twice as long. Types are checked by `npm test`; the declarations of the machines come from tsc. What is put into
// them is a development dependency: a copy of it beside them would be installed, and audited, for nothing.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { build } from 'esbuild';

/** Stay outside: native code, pino, whose worker threads look for their own files, and what goes to the browser as it is. */
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));

const common = {
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
};

rmSync('dist', { recursive: true, force: true });
const { metafile } = await build({
  ...common,
  metafile: true,
  entryPoints: {
    mqi: 'src/cli/main.ts',
    'web-worker': 'src/daemon/web/worker.ts',
    'inspector-worker': 'src/daemon/inspector/worker.ts',
  },
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  external: Object.keys(dependencies),
  // the libraries among them that are CommonJS ask for Node's own modules by `require`
  banner: {
    js: "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);",
  },
});
// whoever imports the machines brings the XState that runs them
await build({ ...common, entryPoints: { machines: 'machines/index.ts' }, packages: 'external' });
writeFileSync('dist/THIRD-PARTY-LICENSES.txt', licencesOf(metafile));

/** All of their licences want to go with a copy of the code. */
function licencesOf({ outputs }) {
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  const folders = new Set(inputs.flatMap((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  const libraries = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return { name, version, license, text: file && readFileSync(`${folder}/${file}`, 'utf8').trim() };
  });
  return libraries
    .map(({ name, version, license, text }) => {
      const same = libraries.find((other) => other.license === license && other.text);
      if (!same) throw new Error(`${name} ${version} brings no text of its licence, ${license}`);
      return `${name} ${version} (${license})\n\n${text ?? `The text stands under ${same.name}.`}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
