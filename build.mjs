// `npm run build`: the program as few files, with the libraries it needs, because a start that reads six hundred files
// takes twice as long. Types are checked by `npm test`; the declarations of the machines come from tsc.
import { rmSync } from 'node:fs';

import { build } from 'esbuild';

/** Native code, and pino, whose worker threads look for their own files. */
const EXTERNAL = ['better-sqlite3', 'ssh2', 'pino'];

const common = {
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
};

rmSync('dist', { recursive: true, force: true });
await build({
  ...common,
  entryPoints: {
    mqi: 'src/cli/main.ts',
    'web-worker': 'src/daemon/web/worker.ts',
    'inspector-worker': 'src/daemon/inspector/worker.ts',
  },
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  external: EXTERNAL,
  // the libraries among them that are CommonJS ask for Node's own modules by `require`
  banner: {
    js: "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);",
  },
});
// whoever imports the machines brings the XState that runs them
await build({ ...common, entryPoints: { machines: 'machines/index.ts' }, packages: 'external' });
