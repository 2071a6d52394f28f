/** The table of imports of ARCHITECTURE.md. Each rule: who, and all that it may import beside node's own modules. */
const own = (folder) => `^${folder}/`;
const npm = (...names) => names.map((name) => `node_modules/${name}/`);

/** Rule: modules under `from` may import only what matches one of `to`. */
const only = (name, from, to, fromNot) => ({
  name,
  severity: 'error',
  from: { path: from, ...(fromNot ? { pathNot: fromNot } : {}) },
  to: { pathNot: to, dependencyTypesNot: ['core'] },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    { name: 'resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'domain-imports-nothing',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/' },
    },
    only('machines', '^machines/', [own('machines'), ...npm('xstate'), '^src/domain/']),
    {
      name: 'machines-take-only-types-of-domain',
      severity: 'error',
      from: { path: '^machines/' },
      to: { path: '^src/domain/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'machines-import-no-core',
      severity: 'error',
      from: { path: '^machines/' },
      to: { dependencyTypes: ['core'] },
    },
    only('config', '^src/config/', [
      own('src/config'),
      own('src/domain'),
      ...npm('zod', 'yaml', 'fastest-levenshtein', 'picomatch'),
    ]),
    only('store', '^src/store/', [
      own('src/store'),
      own('src/domain'),
      ...npm('drizzle-orm', 'better-sqlite3', '@types/better-sqlite3'),
    ]),
    only('transport', '^src/transport/', [
      own('src/transport'),
      own('src/domain'),
      ...npm('ssh2', '@types/ssh2', 'tar-stream', '@types/tar-stream', 'picomatch', '@types/picomatch'),
    ]),
    only('scheduler', '^src/scheduler/', [
      own('src/scheduler'),
      own('src/domain'),
      '^src/transport/(transport|quote)\\.ts$',
      ...npm('zod'),
    ]),
    only('intake', '^src/intake/', [
      own('src/intake'),
      own('machines'),
      own('src/domain'),
      own('src/store'),
      '^src/transport/transport\\.ts$',
      ...npm('chokidar', 'picomatch', '@types/picomatch'),
    ]),
    // judge.ts is the pure half of the scheduler's port: facts in, an observation out
    only('supervisor', '^src/supervisor/', [
      own('src/supervisor'),
      own('machines'),
      own('src/domain'),
      own('src/store'),
      '^src/transport/transport\\.ts$',
      '^src/scheduler/(scheduler|judge)\\.ts$',
      ...npm('xstate', 'zod'),
    ]),
    only('views', '^src/views/', [
      own('src/views'),
      own('machines'),
      own('src/domain'),
      '^src/store/(queries|orders|database)',
      ...npm('xstate', 'zod', 'picomatch', 'hono', 'idiomorph', 'ws', '@types/ws'),
    ]),
    // the commands open and lock the database that views read from, and `db` looks after it
    only('cli', '^src/cli/', [
      own('src/cli'),
      own('src/config'),
      own('src/views'),
      own('src/domain'),
      own('src/daemon'),
      '^src/store/(queries|orders|database|open|lock|store-error|file-system)',
      ...npm('commander', 'cli-table3', 'yaml', 'zod', 'fastest-levenshtein', 'pino'),
    ]),
    {
      name: 'nobody-imports-the-daemon',
      severity: 'error',
      from: { path: '^(machines|src/(?!daemon|cli))' },
      to: { path: '^src/(daemon|cli)/' },
    },
    {
      name: 'src-imports-no-test',
      severity: 'error',
      from: { path: '^(machines|src)/' },
      to: { path: '^(test|bench)/' },
    },
    // a development dependency may be imported: build.mjs puts it into the program
    {
      name: 'no-undeclared-dependency',
      severity: 'error',
      from: { path: '^(machines|src)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], pathNot: '@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.d.ts', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
